# syntax=docker/dockerfile:1
#
# One image, three commands:
#
#   python -m webhook_receiver      webhooks in (the default)
#   python -m worker                the work
#   python -m worker --beat         the clock
#
# and `octosync ...` for a person who looks around. It runs as user 10001 and needs no writable file but /tmp. Configuration:
# the routes file at /etc/octosync/octosync.yaml, settings in OCTOSYNC_* (config/settings.py), secrets in files.
#
#   docker build --tag octosync .
#   docker build --secret id=pip.conf,src=pip.conf .      with a package index of your own

# The Python that the tests run on. Debian's release stands in the name, so that it does not change unnoticed.
ARG PYTHON=3.11-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_CACHE_DIR=/var/cache/pip \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Without pip: what is not in the image cannot be used by who breaks into it.
RUN python -m venv --without-pip /opt/octosync

# First what changes seldom, so that a change of our code downloads nothing again. Wheels only: there is no compiler here.
COPY requirements/runtime.lock requirements/build.lock requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=cache,target=/var/cache/pip \
    python -m pip --python /opt/octosync/bin/python install --no-deps --only-binary :all: --require-hashes \
        --requirement requirements/runtime.lock && \
    python -m venv /tmp/build && \
    /tmp/build/bin/python -m pip install --no-deps --only-binary :all: --require-hashes --requirement requirements/build.lock

COPY pyproject.toml README.md LICENSE ./
COPY config/ config/
COPY webhook_receiver/ webhook_receiver/
COPY worker/ worker/
COPY sandbox/ sandbox/
COPY demo/ demo/
RUN /tmp/build/bin/python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /tmp/wheel . && \
    python -m pip --python /opt/octosync/bin/python install --no-deps --no-index /tmp/wheel/*.whl


FROM python:${PYTHON}

# The base brings pip, and on some releases setuptools and wheel.
RUN python -m pip uninstall --yes --root-user-action ignore setuptools wheel pip && \
    groupadd --gid 10001 octosync && \
    useradd --uid 10001 --gid 10001 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin octosync

# Each package keeps its *.dist-info, which is what writers of SBOMs read.
COPY --from=build /opt/octosync /opt/octosync

ENV PATH=/opt/octosync/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OCTOSYNC_ROUTES=/etc/octosync/octosync.yaml

# By number, or Kubernetes cannot tell that it is not root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080 8081 9464

# Of the receiver; whoever runs another command says how that one is asked, as docker-compose.yml does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('OCTOSYNC_RECEIVER_PORT', '8080') + '/healthz', timeout=2)"]
CMD ["python", "-m", "webhook_receiver"]

ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG PYTHON
LABEL org.opencontainers.image.title="octosync" \
      org.opencontainers.image.description="Keeps two or more Octopus Deploy instances in step, event by event." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="docker.io/library/python:${PYTHON}"
