export { writeOpenApi } from './describe-api';
