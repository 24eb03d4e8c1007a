# Serves the Petstore out of the box, and your own API with two mounts:
#
#   docker build -t sse-mockserver .
#   docker run --rm -p 8080:8080 sse-mockserver
#   docker run --rm -p 8080:8080 \
#     -v ./openapi.yaml:/data/spec/openapi.yaml:ro -v ./scenarios:/data/scenarios:ro sse-mockserver
#
# Every other command runs the same way:
#
#   docker run --rm -v ./scenarios:/data/scenarios:ro sse-mockserver \
#     check --spec /data/spec/openapi.yaml --scenarios /data/scenarios
#
# HTTPS (docs/https.md); what clients have to trust is at /_mock/ca.pem:
#
#   docker run --rm -p 8443:8080 sse-mockserver serve --host 0.0.0.0 --port 8080 --tls self-signed
#
# Nothing is downloaded at run time. `docker stop` (SIGTERM) ends open streams and exits 0.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
COPY specs specs
COPY scenarios scenarios
RUN python -m venv /opt/mockserver \
 && /opt/mockserver/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mockserver
COPY --from=build /opt/mockserver /opt/mockserver
COPY specs/petstore.openapi.yaml /data/spec/openapi.yaml
COPY scenarios /data/scenarios
ENV PATH=/opt/mockserver/bin:$PATH \
    PYTHONUNBUFFERED=1
WORKDIR /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["python", "-c", "import ssl, urllib.request as r\nask = lambda url: r.urlopen(url, timeout=2, context=ssl._create_unverified_context())\ntry: ask('http://127.0.0.1:8080/_mock/health')\nexcept OSError: ask('https://127.0.0.1:8080/_mock/health')"]
ENTRYPOINT ["mockserver"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--spec", "/data/spec/openapi.yaml", "--scenarios", "/data/scenarios"]
