import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tenantPlaneLines } from '@atlas/isolation';
import { atlasProgram } from '../src/commands';
import { type Program, findCommand } from '../src/program';
import { tenantPlaneProgram } from '../src/tenant-plane/commands';
import { ROOT } from './docs.fixture';
import { RecordingTerminal } from './recording-terminal.fixture';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Pages of the Control Plane that its OpenAPI description leaves out. */
const PAGES_OF_CONTROL_PLANE = ['GET /signup', 'GET /signup/verify', 'GET /reset-password'];
const SHELL = 'sh';

/** Variables of other programs and shell snippets, and codes and constants that look like variables. */
const NOT_OURS = [
  'NO_COLOR',
  'HTTPS_PROXY',
  'TF_PLUGIN_CACHE_DIR',
  'TF_CLI_CONFIG_FILE',
  'CERT_HAS_EXPIRED',
  'CONTROL_PLANE',
  'TENANT_PLANE',
  'API_KEY',
  'MALLOC_ARENA_MAX',
  'LC_ALL',
  // Of tests.
  'ATLAS_PICTURES',
  // Of atlas-agent, which reads no .env file.
  'ATLAS_AGENT_DIR',
  'ATLAS_AGENT_KEY',
  'ATLAS_LEASE_ID',
  'TENANT_SCOPED_ENTITIES',
  'INSTALL_SCRIPTS',
  'SCOPES_OF_ROLE',
  'TOLD_OF',
];

/** A piece of a page: prose without its code, a code span, or a code block. */
interface Piece {
  readonly kind: 'prose' | 'span' | 'block';
  readonly language: string;
  readonly text: string;
}

/** The false claims on a page: routes, commands, variables and files that do not exist. */
export function falseClaimsOf(markdown: string): string[] {
  return piecesOf(markdown).flatMap((piece) => {
    const { kind, text, language } = piece;
    if (kind === 'prose') return falseRoutes(text);
    const isShell = kind === 'span' || language === SHELL;
    return [
      ...falseRoutes(isShell ? joined(text) : text),
      ...(isShell ? [...falseCommands(joined(text)), ...falseFiles(text)] : []),
      ...falseNames(variablesOf(piece)),
    ];
  });
}

/** The false claims in text without markup. */
export function falseClaimsOfText(text: string): string[] {
  const names = [...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([name]) => name);
  return [...falseRoutes(text), ...falseCommands(text), ...falseNames(names)];
}

/** The commands and options in a table's first column that do not exist. */
export function falseRowsOf(table: string, program = 'atlas'): string[] {
  const cells = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => cell.split(' · '));
  const calls = cells.map((cell) => `${program} ${/^`(.*?)`/.exec(cell)?.[1] ?? cell}`);
  return calls.flatMap(falseCommands);
}

function piecesOf(markdown: string): Piece[] {
  const pieces: Piece[] = [];
  const prose = markdown
    .replaceAll(/^ *```(\w*)\n([^]*?)^ *```/gm, (_, language: string, text: string) => {
      pieces.push({ kind: 'block', language, text });
      return '';
    })
    .replaceAll(/`([^`\n]+)`/g, (whole, text: string) => {
      pieces.push({ kind: 'span', language: '', text });
      // A path stays in the prose, because a method such as POST may precede it.
      return whole.startsWith('`/') ? text : '';
    });
  return [{ kind: 'prose', language: '', text: prose }, ...pieces];
}

/** Joins a command that continues on the next line. */
function joined(text: string): string {
  return text.replaceAll(/\\\n\s*/g, '');
}

const SEGMENT = String.raw`(?:\$\{?\w+\}?|<[^>]+>|\{\w+\}|[\w.:*-])+`;
const PATH_START = String.raw`(?<=^|[\s"'(|)]|\$\w+|\w\.\w+|:\d+|_URL>)`;
const TOP = '(?:api|health|metrics|help|docs|openapi\\.json|signup|reset-password|assets)';
const PATH = new RegExp(String.raw`${PATH_START}(/${TOP}(?:/${SEGMENT})*)(?![\w/-])`);

/** Checks each line on its own, since the program that a line calls determines the method. */
function falseRoutes(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = [...line.matchAll(new RegExp(PATH, 'g'))];
    return found.flatMap(({ index, 0: path }) => {
      const said = /\b(GET|POST|PUT|PATCH|DELETE) `?\S*$/.exec(line.slice(0, index))?.[1];
      const method = said ?? sentBy(line);
      const claim = `${method ?? 'any'} ${path.replace(/[.:]+$/, '')}`;
      return isServed(method, path.replace(/[.:]+$/, '')) ? [] : [`route: ${claim}`];
    });
  });
}

/** The HTTP method with which the line calls curl, or a guide's shorthand for curl. */
function sentBy(line: string): string | undefined {
  if (!/^\s*(\w+=\$\()?(api|tenant|curl) /.test(line) || /^\s*\w+\(\)/.test(line)) return undefined;
  const named = / -X (\w+)/.exec(line)?.[1];
  return named ?? (/ (-d|--data-binary) /.test(line) ? 'POST' : 'GET');
}

const served = servedRoutes();

function isServed(method: string | undefined, path: string): boolean {
  const segments = path.split('/');
  return served.some((route) => {
    if (method !== undefined && route.method !== method) return false;
    const fits = (known: string, at: number): boolean => /^[:{*]/.test(known) || known === segments[at];
    return route.segments.length === segments.length && route.segments.every(fits);
  });
}

function servedRoutes(): { readonly method: string; readonly segments: readonly string[] }[] {
  const described = ['control-plane', 'tenant-plane'].flatMap((plane) => {
    const file = readFileSync(join(ROOT, `docs/openapi/${plane}.json`), 'utf8');
    const { paths } = JSON.parse(file) as { readonly paths: Record<string, object> };
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  });
  const all = [...described, ...Object.keys(tenantPlaneLines([])), ...PAGES_OF_CONTROL_PLANE];
  return all.map((route) => {
    const [method = '', path = ''] = route.split(' ');
    if (!METHODS.includes(method)) throw new Error(`Not a route: ${route}`);
    return { method, segments: path.split('/') };
  });
}

const terminal = new RecordingTerminal();
const PROGRAMS: Readonly<Record<string, Program>> = {
  atlas: atlasProgram(terminal),
  'atlas-tp': tenantPlaneProgram(terminal),
};
const scripts = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts;

function falseCommands(text: string): string[] {
  const calls = text.matchAll(
    /(?:^\s*|npx |&& |[|:`] |tenant-plane(?::[\d.]+)? )(atlas(?:-tp)?) (?=[a-z<-])([^\n`|;&#>]*)/gm,
  );
  const ours = [...calls].filter(([, program = '', rest = '']) => !isCall(PROGRAMS[program], rest));
  const npm = [...text.matchAll(/\bnpm (?:run )?([a-z][\w-]*)/g)].filter(
    ([, name = '']) => !['ci', 'audit', 'install', 'sbom'].includes(name) && !(name in scripts),
  );
  const nx = [...text.matchAll(/\bnx run ([a-z]+):([a-z][\w-]*)/g)].filter(
    ([, project = '', target = '']) => !targetsOf(project).includes(target),
  );
  return [...ours, ...npm, ...nx].map(([call]) => `command: ${call.trim()}`);
}

function isCall(program: Program | undefined, rest: string): boolean {
  const [sentence = ''] = rest.split(/[.,](?=\s|$)/);
  const words = sentence.trim().split(/\s+/);
  if (/^(--help|--version|<command|help\b)/.test(rest)) return true;
  const command = findCommand(words, program?.commands ?? [])?.command;
  const known = ['help', ...(command?.options ?? []).map(({ name }) => name)];
  const options = [...rest.matchAll(/(?<![\w-])--([a-z][\w-]*)/g)].map(([, option = '']) => option);
  return command !== undefined && options.every((one) => known.includes(one));
}

function targetsOf(project: string): string[] {
  const file = join(ROOT, `apps/${project}/project.json`);
  if (!existsSync(file)) return [];
  const { targets } = JSON.parse(readFileSync(file, 'utf8')) as { targets: object };
  // apps/qa/proof-targets.mjs creates a target for each file in this folder.
  const proofs = project === 'qa' ? readdirSync(join(ROOT, 'apps/qa/src/proofs')) : [];
  return [...Object.keys(targets), ...proofs.map((proof) => proof.replace(/\.proof\.ts$/, ''))];
}

const variables = readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^([A-Z_]+)=/gm);
const known = new Set([...[...variables].map(([, name = '']) => name), ...NOT_OURS]);

function falseNames(names: readonly string[]): string[] {
  return names.filter((name) => !known.has(name) && !/_$/.test(name)).map((name) => `variable: ${name}`);
}

function variablesOf({ kind, text }: Piece): string[] {
  const pattern =
    kind === 'span'
      ? /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$/gm
      : /^\s*(?:export )?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=/gm;
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}

/** Paths in the repository that do not exist, except `.env` files, which operators create. */
function falseFiles(text: string): string[] {
  const paths = [...text.matchAll(/(?<=^|[\s"'(])((?:docs|docker|apps|libs)\/[\w./-]+[\w-])/g)];
  return paths
    .map(([path]) => path)
    .filter((path) => !path.endsWith('.env') && !existsSync(join(ROOT, path)))
    .map((path) => `file: ${path}`);
}

/** The pages below `/help`, which help.mjs derives from the guides' files. */
export function helpPages(): string[] {
  return readdirSync(join(ROOT, 'docs/guides')).map((file) => `/help/${file.replace(/\.md$/, '')}`);
}
