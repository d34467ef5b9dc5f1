import { wordsOf } from '@atlas/web';

/** What each step does. Jobs name only their steps, while previews describe them, too. */
const STEP_TEXTS: Readonly<Record<string, string>> = {
  'await-backup': 'Wait until a trial restore of the backup yields matching counts and checksums',
  'await-removal': 'Wait for every remaining tenant plane to confirm that the rows are removed',
  'back-up': "Make an encrypted backup of the tenant's rows, once writes have stopped",
  'close-tenant': 'Start the restore window, after which the backup is erased',
  'erase-backup': "Erase the tenant's backup, if any, starting with its key",
  'issue-certificate': 'Mark the tenant deleted and sign its deletion certificate',
  'remove-copies': "Remove the tenant's rows from every remaining tenant plane, if the backup can be read",
  'remove-planes':
    "Remove the tenant's own databases and tenant planes; for a customer-run plane, only " +
    'revoke its tokens and secrets',
  'stop-serving': 'Stop serving the tenant; its users are refused and its data stays untouched',
  'close-cell': 'Stop placing tenants in the cell',
  'move-tenants': "Move the cell's tenants to other cells in the region, each with a separate operation",
  'await-copy': 'Wait until the new tenant plane has nearly all of the rows',
  'await-import': 'Wait until the new tenant plane has all of the rows, with matching counts and checksums',
  'cut-over': 'Make the new tenant plane the home of the tenant; the old copy is kept for a while',
  freeze: 'Pause writes briefly (reads continue), so that the last changes can be copied',
  'open-transfer': "Begin to copy the tenant's rows to its new tenant plane; the tenant keeps working",
  'reopen-copy':
    'Make the old tenant plane the home again, with the rows as they were at the move, ' +
    'because the new plane has lost them. All users are signed out',
  activate: 'Make the tenant active',
  'await-report': "Wait for the tenant plane to report the tenant's entry as applied",
  'create-infrastructure': "Create the tenant's own database, role and tenant plane",
  'prepare-signup-link': "Prepare the first admin's sign-up link",
  'register-tenant-plane': "Register the tenant's own tenant plane, which is expected to enrol",
  'reserve-place': 'Reserve a place in the emptiest shared tenant plane with room',
  'write-desired-state': 'Publish the tenant in the desired state of its tenant plane',
  'await-purge': 'Wait until the tenant plane confirms that the rows are gone',
  'end-trust': 'Revoke the tokens and secrets of the tenant plane that the tenant has moved away from',
  'purge-copy': 'Have the tenant plane remove the rows of a tenant that has moved away',
  'release-copy': 'Check that the new home serves the tenant, so that the old copy may be removed',
  'remove-infrastructure': 'Remove the database and the tenant plane that the tenant has moved away from',
  'await-restore': 'Wait until the tenant plane has all of the rows, with matching counts and checksums',
  'open-restore': 'Have the tenant plane import the backup',
  reinstate: 'Make the tenant plane the home of the tenant, with its previous status',
  'await-next-secret':
    'Wait until the tenant plane signs with the next secret and no longer uses the old ' + 'one',
  'revoke-old-secret': 'Revoke the old secret; from now on only the new one is accepted',
  resume: 'Make the tenant active again, and publish its new status',
  suspend:
    'Suspend the tenant and publish its new status; its users are refused, and its data ' + 'stays untouched',
  'await-healthy':
    'Wait until the tenant plane reports its new version, is healthy and has applied its ' +
    'desired state; otherwise roll back',
  'await-version':
    'Wait until whoever runs the tenant plane has replaced it and it is healthy on the new ' + 'version',
  'replace-plane':
    'Stop the tenant plane and start its new version. Unless the plane has replicas, its ' +
    'users wait for a few seconds',
  'upgrade-batches': 'Upgrade the other tenant planes in batches, and stop after too many failures',
  'upgrade-canary': 'Upgrade one tenant plane first, and stop if it does not become healthy',
  'await-enrolment': 'Wait for the tenant plane to enrol with its provisioning token',
  'await-reenrolment':
    'Refuse the old secret at once, and wait for the tenant plane to enrol with its new install bundle',
  'mint-next-secret': 'Mint the next secret and hand it to the tenant plane, encrypted with the current one',
};

export function textOfStep(name: string): string {
  return STEP_TEXTS[name] ?? wordsOf(name);
}
