# One image for everything in the lab: each service is a `simul` command. Works with BuildKit and without it.

FROM python:3.13-slim AS dependencies
WORKDIR /simul
COPY pyproject.toml constraints.txt ./
COPY packages/celery-asyncio-pool/pyproject.toml packages/celery-asyncio-pool/
COPY packages/celery-reliable-redis/pyproject.toml packages/celery-reliable-redis/
COPY producer/cli/entry producer/cli/entry
# Empty packages, installed in place: this layer holds what simul depends on and the command `simul`,
# but none of simul's code, so that a change of code does not build it again.
RUN python -m venv --without-pip /opt/simul \
 && mkdir worker data && touch worker/__init__.py producer/__init__.py README.md LICENSE \
 && cd packages \
 && for name in celery_asyncio_pool celery_reliable_redis; do \
      package=$(echo $name | tr _ -) && mkdir -p $package/src/$name \
   && touch $package/README.md $package/LICENSE $package/src/$name/__init__.py; \
    done \
 && cd .. \
 && pip --python /opt/simul/bin/python install --no-cache-dir -c constraints.txt \
      -e packages/celery-asyncio-pool -e packages/celery-reliable-redis -e '.[hiredis,monitor]' \
 # What packages bring for their own developers: half of numpy, for one.
 && find /opt/simul/lib -type d \( -name tests -o -name test \) -prune -exec rm -r {} +

FROM python:3.13-slim
COPY --from=dependencies /opt/simul /opt/simul
WORKDIR /simul
COPY packages packages
COPY worker worker
COPY producer producer
# The root file system is read-only in the lab, so what Python would compile later is compiled now.
RUN python -m compileall -q packages worker producer \
 && useradd --uid 1000 --no-create-home --home-dir /tmp simul
USER simul
ENV PATH=/opt/simul/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
ENTRYPOINT ["simul"]
CMD ["--help"]
