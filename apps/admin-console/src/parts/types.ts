import { type ControlPlaneSchemas } from '@atlas/web';

type Schemas = ControlPlaneSchemas['schemas'];

export type Job = Schemas['JobView'];
export type Step = Schemas['StepView'];
export type JobError = Schemas['JobError'];
export type Tenant = Schemas['TenantView'];
export type TenantChange = Schemas['UpdateTenantDto'];
export type Plane = Schemas['TenantPlaneView'];
export type Plan = Schemas['PlanView']['plan'];
export type Bundle = Schemas['InstallBundle'];
export type DeploymentModel = Schemas['DeploymentModel'];
export type Drift = Schemas['DriftView'];
export type Look = Schemas['Look'];
export type ReconcilePass = Schemas['ReconcilePassView'];
export type PlanSpec = Schemas['PlanSpecView'];
export type Limit = keyof Schemas['Limits'];
