import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentVariablesOf } from '@atlas/platform';
import { TenantPlaneConfig } from '../src/config/tenant-plane.config';

describe('.env.example', () => {
  it('lists every variable that the Tenant Plane reads, and no others', () => {
    const text = readFileSync(join(__dirname, '../../../.env.example'), 'utf8');
    const section = text.split('# === Tenant Plane ===')[1]?.split('# ===')[0] ?? '';
    const named = [...section.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(named.sort()).toEqual(environmentVariablesOf(TenantPlaneConfig).sort());
  });
});
