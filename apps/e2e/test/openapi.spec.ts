import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '@atlas/testing';

describe.each(['control-plane', 'tenant-plane'])('docs/openapi/%s.json', (app) => {
  it('is what the code says (else run: npx nx run-many -t openapi)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-openapi-'));
    try {
      const file = join(folder, 'openapi.json');
      const { stderr } = spawnSync(process.execPath, [builtFile(app, 'write-openapi.js'), file], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const committed = readFileSync(join(__dirname, '../../../docs/openapi', `${app}.json`), 'utf8');
      expect(readFileSync(file, 'utf8')).toBe(committed);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
