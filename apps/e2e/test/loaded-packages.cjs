/** Preloaded into a plane. On exit, prints the packages that the plane has loaded from node_modules. */
process.on('exit', () => {
  const names = Object.keys(require.cache).map(
    (file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1],
  );
  process.stderr.write(`${JSON.stringify([...new Set(names)].filter(Boolean).sort())}\n`);
});
