import { type Permission } from '../credentials/permission';

export const READ_AUTOMATION: Permission = { name: 'automation:read', from: 'fulfiller' };
export const RUN_RUNBOOKS: Permission = { name: 'runbooks:run', from: 'operator' };
/** Steps of low or medium risk. */
export const APPROVE_STEPS: Permission = { name: 'automation:approve', from: 'operator' };
/** Steps of high or critical risk. */
export const APPROVE_RISKY_STEPS: Permission = { name: 'automation:approve-risky', from: 'admin' };
export const SET_AUTOMATION_POLICY: Permission = { name: 'automation-policy:write', from: 'admin' };
