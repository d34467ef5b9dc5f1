export { type ApiTitle, describeApi, writeOpenApi } from './describe-api';
