import { readFileSync } from 'node:fs';

/**
 * The diagrams in docs/architecture.md are the rules. In the diagram below `## Inside <app>`, a folder may
 * import only the folders that its arrows lead to, directly or through others. `any other folder` stands for
 * the folders that are not drawn, which may not import each other.
 */
const DOCUMENT = readFileSync(new URL('docs/architecture.md', import.meta.url), 'utf8');

const OTHERS = 'any other folder';
const APPS = { 'control-plane': 'the Control Plane', 'tenant-plane': 'the Tenant Plane' };

function rulesOf([app, title]) {
  const arrows = arrowsBelow(`## Inside ${title}`);
  const folders = [...arrows.keys()];
  const src = `^apps/${app}/src/`;
  /** The files of a folder that are not in a subfolder that the diagram also shows. */
  const filesOf = (folder) => {
    if (folder === 'root') return `${src}[^/]+$`;
    if (folder === OTHERS) return `${src}(?!(?:${folders.join('|')})/)([^/]+)/`;
    const below = folders.filter((other) => other.startsWith(`${folder}/`));
    const nested = below.map((other) => other.slice(folder.length + 1)).join('|');
    return `${src}${folder}/${nested && `(?!(${nested})/)`}`;
  };
  const oneWay = folders.map((folder) => ({
    name: `${app}/${folder}`,
    comment: `docs/architecture.md lets ${folder} import only ${reachable(arrows, folder).join(', ')}`,
    severity: 'error',
    from: { path: filesOf(folder) },
    to: {
      path: src,
      pathNot: [
        // The folder that `from` has matched.
        folder === OTHERS ? `${src}$1/` : filesOf(folder),
        ...reachable(arrows, folder).map(filesOf),
      ],
    },
  }));
  const drawn = {
    name: `${app}/undrawn`,
    comment: 'add this folder to the diagram in docs/architecture.md',
    severity: 'error',
    from: { path: src, pathNot: folders.map(filesOf) },
    to: {},
  };
  return [drawn, ...oneWay];
}

/** The folders in the Mermaid flowchart below a heading, with the targets of their arrows: `a --> b & c`. */
function arrowsBelow(heading) {
  const [, chart] = DOCUMENT.slice(DOCUMENT.indexOf(heading)).match(/```mermaid\n([\s\S]*?)```/);
  // Mermaid's node names have no slashes, so `operations_move[operations/move]` adds a label on first use.
  const labels = new Map(
    [...chart.matchAll(/([\w-]+)\[([^\]]*)\]/g)].map(([, node, label]) => [node, label]),
  );
  const foldersIn = (nodes) =>
    nodes
      .split(' & ')
      .map((node) => node.trim().replace(/\[.*$/, ''))
      .map((node) => labels.get(node) ?? node);
  const arrows = new Map();
  for (const [, from, to] of chart.matchAll(/^ *(\S.*?) --> (.*)$/gm))
    for (const folder of foldersIn(from)) {
      arrows.set(folder, [...(arrows.get(folder) ?? []), ...foldersIn(to)]);
      for (const target of foldersIn(to)) if (!arrows.has(target)) arrows.set(target, []);
    }
  return arrows;
}

/** Every folder that the arrows lead to from this one. */
function reachable(arrows, folder) {
  const seen = new Set();
  const follow = (from) => {
    for (const target of arrows.get(from)) if (!seen.has(target)) follow(target, seen.add(target));
  };
  follow(folder);
  if (seen.has(folder)) throw new Error(`The arrows of docs/architecture.md lead from ${folder} back to it.`);
  return [...seen];
}

export default {
  forbidden: [
    ...Object.entries(APPS).flatMap(rulesOf),
    {
      name: 'no-circular-files',
      comment: 'files must not import each other in a cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-circular-folders',
      comment: 'folders must not import each other in a cycle',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    includeOnly: '^(apps|libs)/[^/]+/src/',
    exclude: '\\.spec\\.ts$',
    // Type imports count as well.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
  },
};
