"""The desk: what a person sees of the routes and does about them, for the command line and the status page alike.

It knows the ledger and the queue and nothing of the engine, so that the receiver can serve the page without it.
"""
