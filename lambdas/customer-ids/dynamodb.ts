import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** One client for both tables, so that they share its connections. */
export const dynamodb = new DynamoDBClient();
