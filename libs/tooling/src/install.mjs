import { existsSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runTask } from './processes.mjs';
import { ROOT, isThere, read, sha256, write } from './workspace.mjs';

const STAMP = 'node_modules/.atlas-install';
const COMPILERS = ['python3', 'make', 'g++'];
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];
const SQLITE_BINDING = 'node_modules/sqlite3/build/Release/node_sqlite3.node';

/** Installs the packages in the lock file, unless exactly these packages are already installed. */
export async function install() {
  const wanted = sha256([read('package-lock.json') ?? '', process.platform, process.arch]);
  if (read(STAMP) === wanted) return;
  if (!wasInstalledByHand()) await runNpmCi();
  write(STAMP, wanted);
}

/** Whether npm's own record of installed packages agrees with the lock file. */
function wasInstalledByHand() {
  const record = read('node_modules/.package-lock.json');
  if (record === undefined || !isThere(SQLITE_BINDING)) return false;
  const { packages: installed } = JSON.parse(record);
  const { packages: wanted } = JSON.parse(read('package-lock.json'));
  return Object.entries(wanted).every(([path, { version, link, optional, bin = {} }]) => {
    if (link) return isThere(path);
    // A workspace package. Its commands must be linked.
    if (!path.startsWith('node_modules/'))
      return Object.keys(bin).every((name) => isThere(`node_modules/.bin/${name}`));
    return installed[path] ? installed[path].version === version : optional === true;
  });
}

async function runNpmCi() {
  process.stderr.write(
    '  Installing packages. If the sqlite3 binary cannot be downloaded from github.com, it is\n' +
      '  compiled. This takes 1 to 2 minutes and needs python3, make and g++, and the headers of\n' +
      '  Node.js: from nodejs.org or, with npm_config_nodedir=<folder>, from <folder>/include/node.\n',
  );
  const missing = COMPILERS.filter((name) => !isOnPath(name));
  if (missing.length > 0) {
    process.stderr.write(
      `  Not found: ${missing.join(', ')}. If the installation fails, install them and try again\n` +
        '  (Debian, Ubuntu: apt-get install python3 make g++; macOS: xcode-select --install).\n',
    );
  }
  rmSync(join(ROOT, STAMP), { force: true });
  const [command, ...args] = npm();
  const run = (title, flags) => runTask(title, command, [...args, ...flags], { cwd: ROOT });
  // Development packages are needed even if the user's npm settings omit them.
  await run('npm ci', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
  // "npm rebuild" would also run these scripts, but would first spend seconds checking every package.
  for (const { name, folder, script } of installScripts())
    await run(`${name} ${script}`, ['run', script, '--prefix', folder]);
}

/** The install scripts that may run. An older npm ignores `allowScripts` and would run every script. */
function installScripts() {
  const { allowScripts } = JSON.parse(read('package.json'));
  return Object.keys(allowScripts)
    .filter((name) => allowScripts[name])
    .flatMap((name) => {
      const folder = `node_modules/${name}`;
      const { scripts = {} } = JSON.parse(read(`${folder}/package.json`) ?? '{}');
      return INSTALL_SCRIPTS.filter((script) => script in scripts).map((script) => ({
        name,
        folder,
        script,
      }));
    });
}

/** The npm that runs this process, or else the one on the PATH. */
function npm() {
  const running = process.env.npm_execpath ?? '';
  return running.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm'];
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}
