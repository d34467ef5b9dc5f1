import { wordsOf } from '@atlas/web';

/** What each step does, in the words of operators. */
const STEP_TEXTS: Readonly<Record<string, string>> = {
  'await-backup': 'Wait until a trial restore of the backup has succeeded',
  'await-removal': 'Wait until every plane has confirmed that the data is removed',
  'back-up': 'Make an encrypted backup of the tenant’s data, once writes have stopped',
  'close-tenant': 'Begin the time in which the tenant can be restored',
  'erase-backup': 'Erase the backup for good',
  'issue-certificate': 'Mark the tenant as deleted, and sign its deletion certificate',
  'remove-copies':
    'Remove the tenant’s data from every plane, after a last check of the backup if there is one',
  'remove-planes':
    'Remove any plane and database that only this tenant has. Shared cells stay. A plane that the ' +
    'customer runs stays, but is no longer trusted',
  'stop-serving': 'Refuse the tenant’s users. The data stays untouched',
  'close-cell': 'Accept no more tenants in the cell',
  'move-tenants': 'Move the cell’s tenants to other cells in the region, each with a job of its own',
  'await-copy': 'Wait until the new plane has nearly all of the data',
  'await-import': 'Wait until the new plane has all of the data, with matching checksums',
  'cut-over': 'Make the new plane the tenant’s home. The old copy is kept for a while',
  freeze: 'Pause writes briefly, so that the last changes can be copied. Reads continue',
  'open-transfer': 'Begin to copy the tenant’s data to its new plane. The tenant keeps working',
  'reopen-copy':
    'Make the old copy the tenant’s home again, as it was at the move, because the new plane has lost ' +
    'the data. All users are signed out',
  activate: 'Make the tenant active, so that its users can sign in',
  'await-report': 'Wait until the plane confirms the change',
  'create-infrastructure': 'Create the tenant’s own database and plane',
  'prepare-signup-link': 'Prepare the link with which the first admin signs up',
  'register-tenant-plane': 'Expect a new plane for this tenant',
  'reserve-place': 'Reserve a place in the cell that has the most room',
  'write-desired-state': 'Tell the plane about the tenant',
  'await-purge': 'Wait until the plane confirms that the data is gone',
  'end-trust': 'Stop trusting the plane that the tenant has moved away from',
  'purge-copy': 'Have the old plane remove the tenant’s data',
  'release-copy': 'Check that the new plane serves the tenant, so that the old copy may be removed',
  'remove-infrastructure': 'Remove the old database and the old plane',
  'await-restore': 'Wait until the plane has all of the data, with matching checksums',
  'open-restore': 'Have the plane import the backup',
  reinstate: 'Make the plane the tenant’s home, with the state that the tenant had before',
  'await-next-secret': 'Wait until the plane uses the new secret and no longer the old one',
  'revoke-old-secret': 'Refuse the old secret',
  resume: 'Make the tenant active again, and tell its plane',
  suspend: 'Suspend the tenant, and tell its plane. Users are refused, and the data stays untouched',
  'await-healthy':
    'Wait until the plane is healthy in its new version. If it does not become healthy, the job rolls back',
  'await-version': 'Wait until whoever runs the plane has replaced it, and it is healthy in its new version',
  'replace-plane':
    'Stop the plane and start its new version. Unless it has replicas, users wait for a few seconds',
  'upgrade-batches': 'Upgrade the other planes in batches, and stop after too many failures',
  'upgrade-canary': 'Upgrade one plane first, and stop if it does not become healthy',
  'await-enrolment': 'Wait until the plane has been started and has enrolled',
  'await-reenrolment':
    'Refuse the old secret at once, and wait until the plane has enrolled with its new install bundle',
  'mint-next-secret': 'Create the next secret, and hand it to the plane, encrypted',
};

/** A step that this console does not know yet is named, unless the plan describes it. */
export function textOfStep(name: string, description = wordsOf(name)): string {
  return STEP_TEXTS[name] ?? description;
}
