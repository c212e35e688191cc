"""What a person sets: the routes file (:mod:`config.routes`) and the settings of processes (:mod:`config.settings`).

Imports nothing else of ours; everything may import it.
"""
