import { EXIT } from '../command';
import { type LookView } from '../control-plane/views';
import { showOpenDrifts } from './drifts.command';
import { type OperatorCommand } from './operator-command';

export const RECONCILE: OperatorCommand = {
  name: 'reconcile',
  summary: 'compare rows with what is there now, and list what differs',
  about: 'Compares rows with what is there now, mends what loses nothing, and lists what is left for people.',
  options: [],
  async run(call) {
    const look = await call.client.post<LookView>('/api/reconcile');
    if (call.isJson) {
      call.terminal.out(`${JSON.stringify(look)}\n`);
      return EXIT.done;
    }
    const { looked_at: count, found, repaired, gone, not_looked_at: unseen } = look;
    call.terminal.out(`Compared ${count}: ${found} found, ${repaired} repaired, ${gone} gone.\n`);
    if (unseen.length > 0)
      call.terminal.err(`Could not look at: ${unseen.join(', ')}. The Control Plane's log says why.\n`);
    await showOpenDrifts(call);
    return unseen.length > 0 ? EXIT.failed : EXIT.done;
  },
};
