import { EXIT } from '../failure';
import { showOpenDrifts } from './drifts.command';
import { note } from './note';
import { type OperatorCommand } from './operator-command';

export const RECONCILE: OperatorCommand = {
  name: 'reconcile',
  group: 'Audit and drift',
  summary: 'Compare the records with reality now',
  about:
    'Compares the records with reality, repairs what it can without losing data, and lists ' +
    'what a person must do.',
  examples: ['reconcile'],
  options: [],
  async run(call) {
    const look = await call.client.call('POST /api/reconcile');
    if (call.isJson) {
      call.terminal.out(`${JSON.stringify(look)}\n`);
      return EXIT.done;
    }
    const { looked_at: count, found, repaired, gone, not_looked_at: unseen } = look;
    call.terminal.out(`Compared ${count}: ${found} found, ${repaired} repaired, ${gone} disappeared.\n`);
    if (unseen.length > 0)
      note(call, `Could not check: ${unseen.join(', ')}. The Control Plane's log says why.`);
    await showOpenDrifts(call);
    return unseen.length > 0 ? EXIT.failed : EXIT.done;
  },
};
