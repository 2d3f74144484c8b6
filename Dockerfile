# The service alone: hashed dependencies, no compiler and no package index at run time, no root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/lotmark
COPY requirements/base.lock requirements/base.lock
RUN /opt/lotmark/bin/pip install --require-hashes -r requirements/base.lock
COPY . .
RUN /opt/lotmark/bin/pip install --no-index --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin lotmark \
    && install -d -o lotmark -g lotmark -m 0700 /data /shelf
COPY --from=build /opt/lotmark /opt/lotmark
ENV PATH=/opt/lotmark/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOTMARK_DATA=/data/log \
    LOTMARK_SHELF=/shelf \
    LOTMARK_HOST=0.0.0.0 \
    LOTMARK_PORT=8080
USER lotmark
WORKDIR /data
VOLUME /data /shelf
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["lotmark"]
CMD ["serve"]
