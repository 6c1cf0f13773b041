"""What the tests across events need of the events: sums over leaves of events that add up.

Events are taken in canonical order and cut into leaves of fixed size. Each leaf is reduced on its
own to small groups of sums; groups of leaves are added in the order of the leaves. So the numbers
depend neither on how many leaves are worked on at a time nor on who does the work.
"""
