"""The status page: what there is to know and to decide about the routes, on a port of its own.

::

    browser ──GET──▶ view ──▶ worker.desk, ledger, queue ──▶ template ──▶ HTML     (no script is needed to use it)
    browser ──POST─▶ origin, session, CSRF token ──▶ act ──▶ 303 to where it shows

Without a token it tells counts, states and lag, to anybody. With one a person signs in, and sees names, plans and words
of servers, and decides. What it does, it does by the functions that the command line uses.

Everything is rendered here; the browser gets a style sheet and one small script as files, and nothing from elsewhere.
Whatever a name holds, it is text: templates escape all of it, and signs that mislead are written out.
"""
