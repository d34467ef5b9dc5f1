import { type Operation, type PlaneName } from './operations';
import { type FuzzRequest } from './requests';
import { type RealValues } from './values';

/** A caller who may use every operation of a plane. */
export interface Caller {
  readonly plane: PlaneName;
  readonly url: string;
  /** Existing values to call the operation with, except values that the caller itself depends on. */
  realOf(operation: Operation): RealValues;
  /** The request with the caller's credentials. */
  own(operation: Operation, request: FuzzRequest): Promise<FuzzRequest>;
}

export function withHeaders(request: FuzzRequest, headers: Readonly<Record<string, string>>): FuzzRequest {
  return { ...request, headers: { ...headers, ...request.headers } };
}
