# One image for everything in the lab: each service is a `simul` command. Works with BuildKit and without it.

FROM python:3.13-slim AS dependencies
WORKDIR /simul
COPY pyproject.toml constraints.txt ./
# An empty project, installed in place: this layer holds what simul depends on and the command `simul`,
# but none of simul's code, so that a change of code does not build it again.
RUN python -m venv --without-pip /opt/simul \
 && mkdir worker producer data && touch worker/__init__.py producer/__init__.py README.md LICENSE \
 && pip --python /opt/simul/bin/python install --no-cache-dir -c constraints.txt -e '.[hiredis,monitor]' \
 # What packages bring for their own developers: half of numpy, for one.
 && find /opt/simul/lib -type d \( -name tests -o -name test \) -prune -exec rm -r {} +

FROM python:3.13-slim
COPY --from=dependencies /opt/simul /opt/simul
WORKDIR /simul
COPY worker worker
COPY producer producer
# The root file system is read-only in the lab, so what Python would compile later is compiled now.
RUN python -m compileall -q worker producer \
 && useradd --uid 1000 --no-create-home --home-dir /tmp simul
USER simul
ENV PATH=/opt/simul/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
ENTRYPOINT ["simul"]
CMD ["--help"]
