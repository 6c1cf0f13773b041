"""Studies of any number of events over a matrix of returns, reduced leaf by leaf.

The events are integer positions over returns (assets x days) on one calendar. They are put in
canonical order (day 0, asset, order of the input) and cut into leaves; a backend fits a leaf and
reduces it to the groups of :mod:`eventstudy.reduce`; groups add up in the order of the leaves. So
neither the size of blocks nor the number of threads or workers changes a bit of the result.
"""
