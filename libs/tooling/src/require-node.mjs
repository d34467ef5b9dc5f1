// Every program that people start imports this first, since nothing else runs on an older Node.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Node ${process.versions.node} is too old. Install Node 20.19 or newer (https://nodejs.org).\n`,
  );
  process.exit(1);
}
