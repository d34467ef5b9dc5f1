import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ignoredVariables, planeEnvironment } from './plane-environment';

describe(planeEnvironment.name, () => {
  it("passes on the shell's variables, except those for other installations", () => {
    const shell = {
      PATH: '/bin',
      LOG_LEVEL: 'debug',
      NODE_ENV: 'production',
      ATLAS_OFFLINE_MODE: '1',
      PGPORT: '1',
    };
    expect(planeEnvironment(shell, { PORT: '4100' })).toEqual({
      PATH: '/bin',
      LOG_LEVEL: 'debug',
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: '4100',
    });
  });
});

describe(ignoredVariables.name, () => {
  /** The variables of both planes in .env.example. */
  const documented = (): string[] => {
    const text = readFileSync(join(__dirname, '../../../../.env.example'), 'utf8');
    return [...(text.split('# === npm start ===')[0] ?? '').matchAll(/^([A-Z_]+)=/gm)].map(
      ([, name = '']) => name,
    );
  };

  it.each(documented())('names the variable %s unless it is passed on to the planes', (name) => {
    const shell = { [name]: 'a value from the shell' };
    const isPassedOn = planeEnvironment(shell, {})[name] === shell[name];
    const isNamed = ignoredVariables(shell).some((sentence) => sentence.includes(name));
    expect([isPassedOn, isNamed]).toEqual([!isNamed, !isPassedOn]);
  });

  it('omits the mail settings and the infrastructure driver, which are passed on', () => {
    const shell = { INFRASTRUCTURE_DRIVER: 'manual', SMTP_URL: 'smtp://mail', MAIL_FROM: 'a@example.com' };
    expect(planeEnvironment(shell, {})).toMatchObject(shell);
    expect(ignoredVariables(shell)).toEqual([]);
  });

  it('gives each reason once, and skips variables that are empty or already have the required value', () => {
    const shell = { PORT: '80', TENANT_BASE_DOMAIN: 'example.com', HOST: '127.0.0.1', LOCAL_DRIVER_DIR: '' };
    expect(ignoredVariables(shell)).toEqual([
      'The local stack ignores PORT, TENANT_BASE_DOMAIN, because its addresses follow from ATLAS_CP_PORT ' +
        'and ATLAS_TP_PORT.',
    ]);
  });
});
