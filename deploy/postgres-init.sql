-- One database a service: no service can read another's tables.
CREATE DATABASE motcua_account;
CREATE DATABASE motcua_workflow;
CREATE DATABASE motcua_dossier;
CREATE DATABASE motcua_notification;
CREATE DATABASE motcua_gateway;
