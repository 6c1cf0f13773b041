"""Headlines: reading a catalogue, and pinning it to the sessions of each asset."""

from __future__ import annotations

from eventstudy.events.catalogue import Catalogue
from eventstudy.events.pinned import PinResult, pin_catalogue
from eventstudy.events.readers import read_catalogue

__all__ = ["Catalogue", "PinResult", "pin_catalogue", "read_catalogue"]
