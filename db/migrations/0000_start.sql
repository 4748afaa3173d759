CREATE TABLE "clusterings" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "clusterings_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint,
	"model" text NOT NULL,
	"faces" integer NOT NULL,
	"clusters" integer NOT NULL,
	"noise" integer NOT NULL,
	"loaded_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "clusters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"model" text NOT NULL,
	"size" integer NOT NULL,
	"cover_face_id" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "embeddings" (
	"photo_id" bigint NOT NULL,
	"model" text NOT NULL,
	"vector" "bytea" NOT NULL,
	CONSTRAINT "embeddings_photo_id_model_pk" PRIMARY KEY("photo_id","model")
);
--> statement-breakpoint
CREATE TABLE "face_scans" (
	"photo_id" bigint NOT NULL,
	"model" text NOT NULL,
	"faces" integer NOT NULL,
	CONSTRAINT "face_scans_photo_id_model_pk" PRIMARY KEY("photo_id","model")
);
--> statement-breakpoint
CREATE TABLE "faces" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "faces_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"photo_id" bigint NOT NULL,
	"model" text NOT NULL,
	"box" real[] NOT NULL,
	"landmarks" real[] NOT NULL,
	"score" real NOT NULL,
	"quality" real NOT NULL,
	"embedding" "bytea" NOT NULL,
	"cluster_id" bigint
);
--> statement-breakpoint
CREATE TABLE "files" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "files_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"path" text collate "C" NOT NULL,
	"size" bigint NOT NULL,
	"mtime_ms" bigint NOT NULL,
	"photo_id" bigint,
	"seen_session_id" bigint,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"missing_at" timestamp with time zone,
	CONSTRAINT "files_path_unique" UNIQUE("path")
);
--> statement-breakpoint
CREATE TABLE "history" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "history_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"device" text NOT NULL,
	"models" text NOT NULL,
	"phase" text NOT NULL,
	"items" integer NOT NULL,
	"seconds" double precision NOT NULL,
	"finished_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "jobs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint NOT NULL,
	"phase" text NOT NULL,
	"subject" bigint NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"priority" smallint DEFAULT 0 NOT NULL,
	"run_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"max_attempts" smallint DEFAULT 5 NOT NULL,
	"deaths" smallint DEFAULT 0 NOT NULL,
	"claim_id" uuid,
	"worker_id" uuid,
	"error_kind" text,
	"reason" text,
	"message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "jobs_item" UNIQUE("session_id","phase","subject"),
	CONSTRAINT "jobs_phase" CHECK (phase in ('discovery', 'training', 'face_detection', 'clustering')),
	CONSTRAINT "jobs_state" CHECK (state in ('queued', 'running', 'done', 'skipped', 'failed', 'cancelled')),
	CONSTRAINT "jobs_claimed" CHECK ((state = 'running') = (claim_id is not null))
);
--> statement-breakpoint
CREATE TABLE "phases" (
	"session_id" bigint NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"total" integer,
	"done" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"cancelled" integer DEFAULT 0 NOT NULL,
	"opened_round" integer DEFAULT 0 NOT NULL,
	"baseline" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"active_seconds" double precision DEFAULT 0 NOT NULL,
	"running_since" timestamp with time zone,
	"last_commit_at" timestamp with time zone,
	"rate" double precision DEFAULT 0 NOT NULL,
	"rate_mass" double precision DEFAULT 0 NOT NULL,
	"error" text,
	CONSTRAINT "phases_session_id_name_pk" PRIMARY KEY("session_id","name"),
	CONSTRAINT "phases_name" CHECK (name in ('discovery', 'training', 'face_detection', 'clustering')),
	CONSTRAINT "phases_status" CHECK (status in ('pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'skipped'))
);
--> statement-breakpoint
CREATE TABLE "photos" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "photos_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"sha256" text NOT NULL,
	"byte_size" bigint NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"format" text NOT NULL,
	"taken_at" text,
	"camera" text,
	"dhash" text NOT NULL,
	"flat" boolean NOT NULL,
	"representative_id" bigint,
	"first_mtime_ms" bigint NOT NULL,
	"first_path" text collate "C" NOT NULL,
	"preview_width" integer NOT NULL,
	"preview_height" integer NOT NULL,
	"session_id" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "photos_sha256_unique" UNIQUE("sha256")
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "requests_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" bigint NOT NULL,
	"action" text NOT NULL,
	"job_ids" bigint[],
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sessions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"root_path" text NOT NULL,
	"subdirectories" jsonb NOT NULL,
	"recursive" boolean DEFAULT true NOT NULL,
	"skip_face_detection" boolean DEFAULT false NOT NULL,
	"skip_clustering" boolean DEFAULT false NOT NULL,
	"accept_missing" boolean DEFAULT false NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"round" integer DEFAULT 1 NOT NULL,
	"error" text,
	"weights" jsonb,
	"device" text,
	"clip_model" text,
	"face_model" text,
	"faces_found" integer DEFAULT 0 NOT NULL,
	"clusters_made" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"walk_started_at" timestamp with time zone,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "sessions_status" CHECK (status in ('pending', 'discovering', 'running', 'paused', 'completed', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "walk_faults" (
	"session_id" bigint NOT NULL,
	"path" text collate "C" NOT NULL,
	"message" text NOT NULL,
	CONSTRAINT "walk_faults_session_id_path_pk" PRIMARY KEY("session_id","path")
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"device" text NOT NULL,
	"clip_model" text NOT NULL,
	"face_model" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"beat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"memory_mb" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "embeddings" ADD CONSTRAINT "embeddings_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "face_scans" ADD CONSTRAINT "face_scans_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "faces" ADD CONSTRAINT "faces_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "faces" ADD CONSTRAINT "faces_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."clusters"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "files" ADD CONSTRAINT "files_photo_id_photos_id_fk" FOREIGN KEY ("photo_id") REFERENCES "public"."photos"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "phases" ADD CONSTRAINT "phases_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "requests" ADD CONSTRAINT "requests_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "walk_faults" ADD CONSTRAINT "walk_faults_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "clusters_model" ON "clusters" USING btree ("model","size");--> statement-breakpoint
CREATE INDEX "faces_photo" ON "faces" USING btree ("photo_id","model");--> statement-breakpoint
CREATE INDEX "faces_cluster" ON "faces" USING btree ("cluster_id");--> statement-breakpoint
CREATE INDEX "files_photo" ON "files" USING btree ("photo_id");--> statement-breakpoint
CREATE INDEX "files_session" ON "files" USING btree ("seen_session_id");--> statement-breakpoint
CREATE INDEX "history_lookup" ON "history" USING btree ("device","models","phase","finished_at");--> statement-breakpoint
CREATE INDEX "jobs_queued" ON "jobs" USING btree ("session_id","phase","priority","run_at","id") WHERE state = 'queued';--> statement-breakpoint
CREATE INDEX "jobs_running" ON "jobs" USING btree ("worker_id") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "jobs_ledger" ON "jobs" USING btree ("session_id","phase","state","id");--> statement-breakpoint
CREATE INDEX "phases_running" ON "phases" USING btree ("name","session_id") WHERE status = 'running';--> statement-breakpoint
CREATE INDEX "photos_dhash" ON "photos" USING btree ("dhash");--> statement-breakpoint
CREATE INDEX "photos_representative" ON "photos" USING btree ("representative_id");--> statement-breakpoint
CREATE INDEX "sessions_newest" ON "sessions" USING btree ("created_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "jobs" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);--> statement-breakpoint
ALTER TABLE "phases" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);--> statement-breakpoint
ALTER TABLE "workers" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
