"""Setting up: what makes the first hour short, and tells on any other day what is amiss.

subscribe     the subscription on the source, created or repaired, and proven by a delivery
doctor        every condition for a route to work, checked from outside
first_file    a routes file for two instances, to begin with

The pure parts (what is wanted, what differs, what follows from it) are values; what talks to servers is at the ends.
"""
