// The layer table of ARCHITECTURE.md as a lint rule: what each folder of src/ may import, by whatever kind of import.
// `no-restricted-imports` cannot hold it: it overlooks import(), and names what is forbidden, so that a new folder would be free.
import { dirname, relative, resolve, sep } from 'node:path';

const pure = [];
const adapter = ['ports', 'config', 'core'];
const engine = ['ports', 'config', 'judge', 'ledger', 'core'];
const adapters = ['store', 'sources', 'targets', 'traffic', 'metrics', 'gates', 'triggers', 'notifiers'];

/** What a folder (or a file directly in src/) may import beside itself. */
const mayImport = {
  core: pure,
  judge: pure,
  ledger: pure,
  ports: ['core', 'judge'],
  config: ['core'],
  edge: ['core', 'judge'],
  exec: ['core', 'ports'],
  store: [...adapter, 'ledger'],
  sources: [...adapter, 'exec'],
  targets: [...adapter, 'exec'],
  traffic: [...adapter, 'edge'],
  metrics: adapter,
  gates: [...adapter, 'exec'],
  triggers: adapter,
  notifiers: adapter,
  engine,
  views: engine,
  replay: [...engine, 'engine', 'views'],
  backup: [...adapter, 'ledger', 'exec', 'store'],
  http: [...engine, 'engine', 'views'],
  cli: [...engine, 'engine', 'views', 'replay', 'edge', 'backup', 'http'],
  registry: [...engine, 'engine', 'views', 'edge', 'exec', ...adapters],
};
mayImport.server = Object.keys(mayImport);
mayImport.main = Object.keys(mayImport);

/** The path below src/ as its parts (`['targets', 'ssh', 'index']`); nothing for a path outside. */
function partsInSource(root, path) {
  const parts = relative(root, path)
    .replace(/\.[jt]s$/, '')
    .split(sep);
  return parts[0] === 'src' ? parts.slice(1) : undefined;
}

/** Why the file `from` must not import `specifier`; nothing when it may. `lazy`: by import(), or for its type only. */
function objection(root, from, specifier, lazy) {
  const [folder, ...inner] = partsInSource(root, from);
  const allowed = mayImport[folder];
  if (!allowed) return undefined; // said once for the file
  if (/^[/#]|^file:/.test(specifier)) return 'import by a relative path';
  if (!specifier.startsWith('.'))
    return allowed === pure ? `${folder} is pure: no package and no node: module` : undefined;

  const [wanted, ...wantedInner] = partsInSource(root, resolve(dirname(from), specifier)) ?? [];
  if (!wanted) return `${folder} must not import from outside src`;
  if (wanted === folder) {
    const sibling = inner.length > 1 && wantedInner.length > 1 && inner[0] !== wantedInner[0];
    return sibling && adapters.includes(folder) ? 'an adapter must not import its sibling' : undefined;
  }
  if (!allowed.includes(wanted))
    return `${folder} may import only: ${allowed.join(', ') || 'its own folder'}; not ${wanted}`;
  if (folder === 'registry' && adapters.includes(wanted) && !lazy)
    return 'the registry loads an adapter when it is used: () => import()';
  return undefined;
}

const layers = {
  create(context) {
    const check = (node, source, lazy = false) => {
      if (!source) return;
      const text = typeof source.value === 'string' ? source.value : undefined;
      const message =
        text === undefined ? 'import a literal path' : objection(context.cwd, context.filename, text, lazy);
      if (message) context.report({ node, message });
    };
    return {
      Program: (node) => {
        const [folder] = partsInSource(context.cwd, context.filename);
        if (!mayImport[folder])
          context.report({ node, message: `src/${folder} has no row in the layer table` });
      },
      ImportDeclaration: (node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source, true),
      TSImportType: (node) => check(node, node.source, true),
    };
  },
};

export default { meta: { name: 'house' }, rules: { layers } };
