import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { drain, rotateSecret, upgrade, upgradeWave } from './plane-scenarios';
import { cool, provisionFromPool, warm } from './pool-scenarios';
import { type Scenario } from './scenario';
import { deprovision, move, provision, purge, removeCopy, restore, resume, suspend } from './scenarios';

/** Every operation of the Control Plane, once for each variant with different steps. */
export const SCENARIOS: readonly Scenario[] = [
  ...DEPLOYMENT_MODELS.map(provision),
  suspend('shared'),
  resume('shared'),
  move('shared', 'dedicated'),
  move('dedicated', 'shared'),
  removeCopy('shared', 'dedicated'),
  removeCopy('dedicated', 'shared'),
  deprovision('shared'),
  deprovision('dedicated'),
  deprovision('on_prem'),
  restore('shared'),
  restore('dedicated'),
  restore('on_prem'),
  purge('shared'),
  rotateSecret('routine'),
  rotateSecret('compromised'),
  drain(),
  upgrade,
  upgradeWave,
  provisionFromPool,
  warm,
  cool,
];
