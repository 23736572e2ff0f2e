# The image of the bot. The tests do not build it: tests/house/test_dockerfile.py reads this file and
# checks that every path it copies exists, that its base is pinned and that it does not run as root.
# Build it yourself before you rely on it: docker compose build

FROM python:3.11.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN groupadd --gid 10001 dasi && useradd --uid 10001 --gid dasi --no-create-home --shell /usr/sbin/nologin dasi

WORKDIR /srv/dasi

# The packages first: they change less often than the code.
COPY requirements.lock ./
RUN pip install --no-input --require-hashes --only-binary :all: -r requirements.lock

COPY LICENSE NOTICE config.yaml ./
COPY crm_core ./crm_core
COPY handlers ./handlers
COPY jobs ./jobs
COPY bot ./bot

# The only folder the bot writes to: SQLite, unless DATABASE_URL names a PostgreSQL.
RUN install --directory --owner dasi --group dasi --mode 0700 var
VOLUME ["/srv/dasi/var"]

# matplotlib keeps its list of fonts somewhere; no home folder is needed for that.
ENV MPLCONFIGDIR=/srv/dasi/var/matplotlib

USER dasi:dasi

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

CMD ["python", "-m", "bot", "run"]
