import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_COMMANDS } from './install-commands';

const read = (path: string): string => readFileSync(join(__dirname, '../../../..', path), 'utf8');

describe('the commands of an install bundle', () => {
  const image = read('docker/tenant-plane.Dockerfile');
  const [, port, volume, tag] =
    /-p 127\.0\.0\.1:4200:(\d+) -v atlas-data:(\S+) (\S+)$/.exec(INSTALL_COMMANDS.docker) ?? [];

  it('run the image built from docker/tenant-plane.Dockerfile, with its port and volume', () => {
    expect(image).toContain(` -t ${tag} .`);
    expect(image).toContain(`\nEXPOSE ${port}\n`);
    expect(image).toContain(`\nVOLUME ${volume}\n`);
    expect(read('docker/common.compose.yaml')).toContain(`image: ${tag}\n`);
  });

  it('use a program that both the npm package and the image contain', () => {
    const [, program] = /^npx (\S+) run /.exec(INSTALL_COMMANDS.npx) ?? [];
    const { bin } = JSON.parse(read('apps/cli/package.json')) as { bin: Record<string, string> };
    expect(program).toBeDefined();
    expect(image).toContain(`ln -s /app/apps/cli/${bin[String(program)]} /usr/local/bin/${program}`);
  });
});
