import { UsageError } from '../failure';
import { planeEnvironmentOf } from './install-options';

describe(planeEnvironmentOf.name, () => {
  it('refuses to guess if there is no env file and the shell sets no bundle variables', () => {
    const read = () => planeEnvironmentOf({ values: {} }, { PORT: '4200' });
    expect(read).toThrow(UsageError);
    expect(read).toThrow(/no atlas-tp\.env in \//);
    expect(read).toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(/--env-file.*atlas-tp env < install\.json/) as string,
      }),
    );
  });

  it('uses the variables of the shell, as in a container', () => {
    const shell = { CONTROL_PLANE_BASE_URL: 'https://control.atlas.example' };
    expect(planeEnvironmentOf({ values: {} }, shell)).toEqual(shell);
  });
});
