import { type OperatorApi } from '@atlas/operator-api';
import { type PlaneApi } from '@atlas/plane-contract';
import { servesOf } from '@atlas/platform';

/** Everything that the Control Plane serves below /api. */
export interface ControlPlaneApi extends OperatorApi, PlaneApi {}

export const Serves = servesOf<ControlPlaneApi>();
