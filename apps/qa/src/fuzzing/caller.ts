import { type Operation, type PlaneName } from './operations';
import { type FuzzRequest } from './requests';
import { type RealValues } from './values';

/** Somebody who may do everything on a plane. */
export interface Caller {
  readonly plane: PlaneName;
  readonly url: string;
  /**
   * Existing things that the operation may be requested for, without anything the caller itself depends on.
   */
  realOf(operation: Operation): RealValues;
  /** The request as the caller sends it. */
  own(operation: Operation, request: FuzzRequest): Promise<FuzzRequest>;
}

export function withHeaders(request: FuzzRequest, headers: Readonly<Record<string, string>>): FuzzRequest {
  return { ...request, headers: { ...headers, ...request.headers } };
}
