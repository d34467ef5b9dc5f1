import { UsageError } from '../command';
import { installOptions } from './install-options';

describe(installOptions.name, () => {
  it('says that the env file is missing where the shell holds no installation either', () => {
    const read = () => installOptions([], { PORT: '4200' });
    expect(read).toThrow(UsageError);
    expect(read).toThrow(/no atlas-tp\.env in \/.*--env-file.*atlas-tp env < install\.json/);
  });

  it('takes the variables of the shell, as in a container', () => {
    const shell = { CONTROL_PLANE_BASE_URL: 'https://control.atlas.example' };
    expect(installOptions(['--json'], shell)).toMatchObject({ env: shell, isJson: true });
  });
});
