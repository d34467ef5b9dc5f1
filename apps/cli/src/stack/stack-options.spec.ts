import { UsageError } from '../failure';
import { given } from '../options';
import { STACK_OPTIONS, stackOptions } from './stack-options';

const options = (args: string[], env: NodeJS.ProcessEnv, directory: string) =>
  stackOptions(given(args, STACK_OPTIONS), env, directory);

describe(stackOptions.name, () => {
  it('defaults to SQLite, the well-known ports and ./data', () => {
    expect(options([], {}, '/srv/atlas')).toEqual({
      dataDir: '/srv/atlas/data',
      database: 'sqlite',
      isJson: false,
      controlPlanePort: { variable: 'ATLAS_CP_PORT', port: 4100 },
      tenantPlanePort: { variable: 'ATLAS_TP_PORT', port: 4200 },
    });
  });

  it('reads the options and the environment', () => {
    const args = ['--postgres', '--json', '--data-dir', '../elsewhere'];
    const env = { ATLAS_CP_PORT: '0', ATLAS_TP_PORT: '0' };
    expect(options(args, env, '/srv/atlas')).toMatchObject({
      dataDir: '/srv/elsewhere',
      database: 'postgres',
      isJson: true,
      controlPlanePort: { port: 0 },
      tenantPlanePort: { port: 0 },
    });
  });

  it('takes the data folder from the environment unless --data-dir is given', () => {
    const env = { ATLAS_DATA_DIR: 'there' };
    expect(options([], env, '/srv').dataDir).toBe('/srv/there');
    expect(options(['--data-dir', 'here'], env, '/srv').dataDir).toBe('/srv/here');
  });

  it.each(['http', '-1', '65536', '41oo', '1e3'])('refuses %s as a port and names the variable', (text) => {
    const parse = (): unknown => options([], { ATLAS_TP_PORT: text }, '/srv/atlas');
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow('ATLAS_TP_PORT');
  });

  it('refuses the same port for both planes', () => {
    expect(() => options([], { ATLAS_CP_PORT: '4200' }, '/srv/atlas')).toThrow('both 4200');
  });

  it.each([[['--sqlite']], [['up']], [['--data-dir']]])('refuses %j', (args: string[]) => {
    expect(() => options(args, {}, '/srv/atlas')).toThrow(UsageError);
  });
});
