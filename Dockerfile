# One image for web, worker and beat; it writes nowhere but /tmp, so the root file system may be read-only.
FROM node:22-slim AS tools
WORKDIR /tools
COPY package.json package-lock.json .
RUN npm ci --ignore-scripts --no-audit --no-fund && cp node_modules/@esbuild/*/bin/esbuild /usr/local/bin/esbuild

FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
COPY --from=tools /usr/local/bin/esbuild /usr/local/bin/esbuild
RUN ESBUILD=/usr/local/bin/esbuild DEBUG= SECRET_KEY=only-while-building FIELD_KEYS=only-while-building \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /venv/bin/python -m compileall -q apps teamboard

FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends git openssh-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home teamboard && install -d -o teamboard /git
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
CMD ["python", "-m", "teamboard.web.server", "--host", "0.0.0.0", "--port", "8000"]
