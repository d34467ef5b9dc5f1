import { FaultPoints } from './fault-points';

const faultPoints = (armed?: string): FaultPoints => new FaultPoints(armed);

describe('fault points', () => {
  it('do nothing unless they are armed', async () => {
    await expect(faultPoints().reach('provision', 'activate', 'before')).resolves.toBeUndefined();
  });

  it('throw at the armed point and at no other point', async () => {
    const faults = faultPoints('provision/activate/after-effect:throw');
    await faults.reach('provision', 'activate', 'before');
    await faults.reach('provision', 'reserve-place', 'after-effect');
    await faults.reach('move', 'activate', 'after-effect');
    await expect(faults.reach('provision', 'activate', 'after-effect')).rejects.toThrow(
      'provision/activate/after-effect',
    );
  });

  it('can make the step fail with a fatal error, so that the job is undone', async () => {
    const faults = faultPoints('provision/activate/before:fail');
    await expect(faults.reach('provision', 'activate', 'before')).rejects.toMatchObject({
      failureClass: 'fatal',
    });
  });

  it('can kill the process', async () => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    await faultPoints('provision/activate/before:kill').reach('provision', 'activate', 'before');
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGKILL');
    kill.mockRestore();
  });

  it('can pause until the process receives SIGUSR2', async () => {
    let isOver = false;
    const paused = faultPoints('provision/activate/before:pause')
      .reach('provision', 'activate', 'before')
      .then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).toBe(false);
    process.emit('SIGUSR2', 'SIGUSR2');
    await paused;
    expect(isOver).toBe(true);
  });
});
