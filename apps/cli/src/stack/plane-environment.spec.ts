import { planeEnvironment } from './plane-environment';

describe(planeEnvironment.name, () => {
  it('passes the shell on, without what is about other installations', () => {
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
