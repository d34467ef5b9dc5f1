import { type DryRunQuery, NumberInText, Optional } from '@atlas/platform/input';
import { IsIn, IsInt, IsString, IsUUID, Length, Max, Min } from 'class-validator';
import { ALLOWED_BY_ADMIN_PARAMETER, type ChatCompletionRequest } from './chat-completion.request';
import { type DesiredState, type EnrolAnswer } from './desired-state';
import { type EnrolRequest } from './enrol.request';
import { MAX_WAIT_SECONDS } from './paths';
import { type ReportRequest } from './report.request';
import { type ReportAnswer } from './reported-usage';
import { type TenantRoute } from './tenant-route';
import { type TransferProgress } from './transfer-part';

/** The operations of the Control Plane that tenant planes call, with signed requests. */
export interface PlaneApi {
  /** Enrol with a provisioning token */
  'POST /api/tenant-planes/enroll': { query: DryRunQuery; body: EnrolRequest; 200: EnrolAnswer };
  /** Pull the desired state; waits for a revision newer than `since` */
  'GET /api/tenant-planes/self/desired-state': {
    query: DesiredStateQuery;
    200: DesiredState;
    204: undefined;
  };
  /** Report the state of the plane and of its tenants */
  'POST /api/tenant-planes/self/report': {
    query: SelfQuery;
    body: ReportRequest;
    200: ReportAnswer;
  };
  /** Find the address of a tenant on another plane */
  'GET /api/tenant-planes/self/routes/:slug': { query: SelfQuery; 200: TenantRoute; 204: undefined };
  /** Send a part of the rows of a tenant that is moving away */
  'PUT /api/tenant-planes/self/transfers/:id/parts/:n': {
    query: SelfQuery;
    body: SealedPart;
    200: TransferProgress;
  };
  /** Fetch a part of the rows of a tenant that is moving in; waits until the source has sent it */
  'GET /api/tenant-planes/self/transfers/:id/parts/:n': {
    query: TransferPartQuery;
    200: SealedPart;
    204: undefined;
  };
  /** Wait until the target of a move has imported a number of parts */
  'GET /api/tenant-planes/self/transfers/:id/imported': {
    query: TransferProgressQuery;
    200: TransferProgress;
  };
  /** Send a tenant's question to the AI provider; `x-tenant-id` names the tenant */
  'POST /api/ai/chat/completions': {
    query: ChatCompletionQuery;
    body: ChatCompletionRequest;
    200: Readonly<Record<string, unknown>>;
  };
}

/** A compact JWE (RFC 7516), encrypted to the target's enrolment key. */
type SealedPart = string;

/** Identifies the calling plane if it signs with the platform secret, which several cells share. */
export class SelfQuery {
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;

  /**
   * Which restore of the plane calls, as its reports name it. Only the copy that counts may take part in a
   * transfer.
   */
  @Optional()
  @IsUUID()
  incarnation?: string;
}

/** A long poll. */
class WaitingQuery extends SelfQuery {
  /** Seconds to wait if there is nothing to return yet. */
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  wait: number = 0;
}

export class DesiredStateQuery extends WaitingQuery {
  /** The last revision that the plane has applied. */
  @Optional()
  @IsString()
  @Length(1, 100)
  since?: string;
}

export class TransferPartQuery extends WaitingQuery {
  /**
   * A name that the plane chooses for this import. An import that starts over has a new name, which sorts
   * after all earlier names.
   */
  @IsString()
  @Length(1, 100)
  importer: string;

  /** The attempt that the plane has begun to import. */
  @Optional()
  @IsString()
  @Length(1, 100)
  attempt?: string;
}

export class TransferProgressQuery extends WaitingQuery {
  /** Wait until the target has imported this many parts. */
  @NumberInText()
  @IsInt()
  @Min(0)
  count: number;
}

export class ChatCompletionQuery extends SelfQuery {
  /** For an on_prem plane: whether the tenant's admin allows AI through the Control Plane. */
  @Optional()
  @IsIn(['true', 'false'])
  [ALLOWED_BY_ADMIN_PARAMETER]?: 'true' | 'false';
}
