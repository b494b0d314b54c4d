import { splitCommand } from './words.ts';

/** What a folder seems to hold. Guesses, each said with its reason, for a person to confirm. */
export interface Detected {
  readonly language: 'node' | 'python' | 'go' | 'docker' | 'unknown';
  readonly application: string | undefined;
  readonly command: string | undefined;
  readonly build: string | undefined;
  readonly health: string | undefined;
  /** Why, in plain words: `package.json has the script start`. */
  readonly reasons: readonly string[];
}

/** The files that are worth reading; every other name only matters by being there. */
export const TELLING_FILES = [
  'package.json',
  'pyproject.toml',
  'requirements.txt',
  'go.mod',
  'Dockerfile',
  'Procfile',
];

type Files = Readonly<Record<string, string>>;
type Guess = Partial<Detected>;

/**
 * Looks at the contents of the telling files of a project.
 * @param files path -> content; sources may be among them, and are searched for a health path
 */
export function detectProject(files: Files): Detected {
  const guesses = [procfile(files), node(files), python(files), go(files), dockerfile(files)].filter(
    (guess) => guess !== undefined,
  );
  const first = <Key extends keyof Detected>(key: Key) =>
    guesses.find((guess) => guess[key] !== undefined)?.[key] as Detected[Key] | undefined;
  const health = healthPath(files);
  const language = guesses.find((guess) => guess.language !== 'unknown')?.language ?? 'unknown';
  return {
    language,
    application: first('application'),
    command: first('command'),
    build: first('build'),
    health: health?.path,
    reasons: [...guesses.flatMap((guess) => guess.reasons ?? []), ...(health ? [health.reason] : [])],
  };
}

function procfile(files: Files): Guess | undefined {
  const [, web] = /^web:\s*(\S.*?)\s*$/m.exec(files['Procfile'] ?? '') ?? [];
  return web === undefined
    ? undefined
    : { language: 'unknown', command: runnable(web), reasons: ['Procfile names the web process'] };
}

function node(files: Files): Guess | undefined {
  const text = files['package.json'];
  if (text === undefined) return undefined;
  const manifest = jsonObject(text);
  const scripts = asObject(manifest['scripts']);
  const main = typeof manifest['main'] === 'string' ? manifest['main'] : undefined;
  const started = typeof scripts['start'] === 'string';
  const entry = main ?? ['server.js', 'index.js', 'app.js'].find((name) => Object.hasOwn(files, name));
  return {
    language: 'node',
    application: nameFrom(manifest['name']),
    command: started ? 'npm start' : entry && `node ${entry}`,
    build: typeof scripts['build'] === 'string' ? 'npm run build' : undefined,
    reasons: [started ? 'package.json has the script start' : 'package.json is there'],
  };
}

function python(files: Files): Guess | undefined {
  const project = files['pyproject.toml'];
  const needs = `${project ?? ''}\n${files['requirements.txt'] ?? ''}`;
  if (needs.trim() === '') return undefined;
  const module = ['app', 'main', 'wsgi', 'asgi'].find((name) => Object.hasOwn(files, `${name}.py`)) ?? 'app';
  const server = ['uvicorn', 'gunicorn'].find((name) => new RegExp(`\\b${name}\\b`).test(needs));
  const bind = server === 'uvicorn' ? '--port "$PORT"' : '--bind "127.0.0.1:$PORT"';
  return {
    language: 'python',
    application: nameFrom(/^name\s*=\s*"([^"]+)"/m.exec(project ?? '')?.[1]),
    command: server ? runnable(`${server} ${module}:app ${bind}`) : `python3 ${module}.py`,
    reasons: [server ? `${server} is among the dependencies` : 'it is a Python project'],
  };
}

function go(files: Files): Guess | undefined {
  const [, module] = /^module\s+(\S+)/m.exec(files['go.mod'] ?? '') ?? [];
  if (module === undefined) return undefined;
  const application = nameFrom(module.split('/').findLast((part) => !/^v\d+$/.test(part)));
  const program = application ?? 'app';
  return {
    language: 'go',
    application,
    build: `go build -o ${program} .`,
    command: `./${program}`,
    reasons: ['go.mod names the module'],
  };
}

function dockerfile(files: Files): Guess | undefined {
  const text = files['Dockerfile'];
  if (text === undefined) return undefined;
  const [, list, line] = /^(?:CMD|ENTRYPOINT)\s+(?:(\[.*\])|(\S.*?))\s*$/im.exec(text) ?? [];
  const words = list === undefined ? undefined : asStrings(list);
  return {
    language: 'docker',
    command: words
      ? words.map((word) => (/[\s"]/.test(word) ? JSON.stringify(word) : word)).join(' ')
      : line && runnable(line),
    reasons: ['the Dockerfile says what it runs'],
  };
}

/** As it is where no shell is needed, else through one. */
const runnable = (line: string): string =>
  splitCommand(line) ? line : `sh -c '${line.replaceAll("'", `'\\''`)}'`;

const HEALTH = /["'`](\/(?:api\/)?(?:healthz?|health\/ready|readyz?|livez|status|ping)|\/_health)["'`]/;

/** The first route in the sources, or in the Dockerfile's own check, that looks like one for health. */
function healthPath(files: Files): { readonly path: string; readonly reason: string } | undefined {
  const [, checked] =
    /HEALTHCHECK[\s\S]*?https?:\/\/[^/\s]+(\/[\w/-]+)/.exec(files['Dockerfile'] ?? '') ?? [];
  if (checked !== undefined) return { path: checked, reason: 'the Dockerfile checks its health there' };
  for (const [name, text] of Object.entries(files)) {
    const [, path] = HEALTH.exec(text) ?? [];
    if (path !== undefined) return { path, reason: `${name} mentions ${path}` };
  }
  return undefined;
}

/** `@org/My Shop` -> `my-shop`. */
export function nameFrom(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const name = (value.split('/').at(-1) ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
    .slice(0, 40);
  return name === '' ? undefined : name.replace(/[-_]+$/, '');
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

function asStrings(list: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(list);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}
