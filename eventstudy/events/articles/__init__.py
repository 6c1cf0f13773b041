"""From the text of an article to proposals of event records, each with the words it rests on."""

from __future__ import annotations

from eventstudy.events.articles.proposals import Article, Proposal, propose, read_article

__all__ = ["Article", "Proposal", "propose", "read_article"]
