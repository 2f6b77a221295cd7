# One image for `serve` (the default), `worker` and `migrate`.
#   docker build -t limner .
#   docker run -p 8000:8000 -e LIMNER_REDIS_URL=redis://… -e LIMNER_API_KEYS=app=… limner
#   docker run -e LIMNER_REDIS_URL=redis://… limner worker

FROM python:3.12-slim AS libraries
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/limner limner \
 && install -d -o limner /objects
WORKDIR /app
COPY --from=libraries /venv /venv
COPY arq_worker.py limner pyproject.toml ./
COPY storage storage
COPY jobs jobs
COPY server server
COPY web web
# The modules are compiled here, for the user they run as may not write.
RUN /venv/bin/python -m compileall -q arq_worker.py storage jobs server
USER limner
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LIMNER_NO_VENV=1 \
    LIMNER_HOST=0.0.0.0 \
    LIMNER_PORT=8000 \
    LIMNER_LOG_FORMAT=json
EXPOSE 8000
# Both processes end in order on SIGTERM.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"LIMNER_PORT\"]}/health', timeout=2)"]
ENTRYPOINT ["python", "limner"]
CMD ["serve"]
