// Written by `make dashboard-client` from the API's OpenAPI document 8e3f572e89e7520d2c047fcb46b38ac89caa886f639c47cefe7e3542d2f657a0.

export interface paths {
    "/api/v1/asyncapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["asyncapi_api_v1_asyncapi_json_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["trail_api_v1_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/base-map": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["base_map_api_v1_base_map_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/catalogue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["catalogue_api_v1_catalogue_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["cities_api_v1_cities_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/cityscore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["cityscore_api_v1_cities__city__cityscore_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/cityscore/yearly": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["yearly_api_v1_cities__city__cityscore_yearly_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dead_letters_api_v1_cities__city__dead_letters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/dead-letters/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["dead_letters_by_source_api_v1_cities__city__dead_letters_summary_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["devices_api_v1_cities__city__devices_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events_api_v1_cities__city__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["explain_api_v1_cities__city__explain_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/kpis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["kpis_api_v1_cities__city__kpis_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/kpis/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["kpi_api_v1_cities__city__kpis__code__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/kpis/{code}/periods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["periods_api_v1_cities__city__kpis__code__periods_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/kpis/{code}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["series_api_v1_cities__city__kpis__code__series_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/kpis/{code}/windows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["windows_api_v1_cities__city__kpis__code__windows_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["notices_api_v1_cities__city__notices_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/public": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["public_api_v1_cities__city__public_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["sources_api_v1_cities__city__sources_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/sources/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["summary_api_v1_cities__city__sources_summary_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/trend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["trend_api_v1_cities__city__trend_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cities/{city}/waterfall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["waterfall_api_v1_cities__city__waterfall_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["exports_api_v1_exports_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports/{city}/{period}/{name}/{revision}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["export_file_api_v1_exports__city___period___name___revision___file__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["facts_api_v1_facts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facts/{city}/{period}/{name}/{revision}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["facts_file_api_v1_facts__city___period___name___revision___file__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/layers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["layers_api_v1_layers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/layers/{layer}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["layer_api_v1_layers__layer__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/layers/{layer}/objects/{object}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["telemetry_api_v1_layers__layer__objects__object__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/layers/districts/kpis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["kpis_api_v1_layers_districts_kpis_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/methodology": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["methodology_api_v1_methodology_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["reconciliation_api_v1_reconciliation_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schemes/{network}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["scheme_api_v1_schemes__network__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["session_api_v1_session_get"];
        put?: never;
        post: operations["sign_in_api_v1_session_post"];
        delete: operations["sign_out_api_v1_session_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["to_provider_api_v1_session_oidc_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["from_provider_api_v1_session_oidc_callback_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/texts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["texts_api_v1_texts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/visualisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["visualisations_api_v1_visualisations_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["healthz_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["metrics_metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["readyz_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Alarm: {
            district: string | null;
            /** @enum {string} */
            kind: "low" | "high" | "silent" | "outage";
            object: string | null;
            quantity: string | null;
            since: string | null;
            text: components["schemas"]["Text"] | string;
            value: number | null;
        };
        AnsweredSnapshot: {
            additional: number;
            answers: {
                [key: string]: components["schemas"]["SduAnswer"];
            };
            /**
             * @default closed
             * @constant
             */
            basis: "closed";
            catalogue: components["schemas"]["CatalogueRef"];
            category: components["schemas"]["Category"];
            city: string;
            /** Format: date-time */
            computed_at: string;
            coverage: number;
            index: number | null;
            kpis: {
                [key: string]: components["schemas"]["ClosedKpi"];
            };
            /**
             * @default operational_estimate
             * @enum {string}
             */
            label: "operational_estimate" | "confirmed_by_sdu" | "corrected_by_sdu";
            lower: number;
            rating: ("excellent" | "good" | "average" | "below_average" | "low") | null;
            revision: number;
            sections: {
                [key: string]: components["schemas"]["SectionState"];
            };
            total: number | null;
            upper: number;
        };
        AtLeast: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: ">=";
            /** @default [] */
            stated: number[];
            value: number;
        };
        AtMost: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "<=";
            /** @default [] */
            stated: number[];
            value: number;
        };
        Band: {
            description: components["schemas"]["Text"];
            floor: number;
            name: components["schemas"]["Text"];
            stated: string;
        };
        BaseMap: {
            attribution: string;
            kind: ("tiles" | "vector" | "pmtiles") | null;
            url: string | null;
        };
        Between: {
            high: number;
            low: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "between";
            /** @default [] */
            stated: number[];
        };
        CatalogueRef: {
            hash: string;
            version: string;
        };
        /** @enum {string} */
        Category: "republican" | "regional" | "district";
        ChangeMessage: {
            /** Format: date-time */
            computed_at: string;
            coverage: number;
            index: number | null;
            kpis: {
                [key: string]: components["schemas"]["KpiState"];
            };
            lower: number;
            previous: number;
            rating: string | null;
            revision: number;
            sections: {
                [key: string]: components["schemas"]["SectionState"];
            };
            /** Format: date-time */
            server_time: string;
            total: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "change";
            upper: number;
        };
        Citation: {
            annex: number;
            row: number;
            table: number;
        };
        City: {
            additional_initiatives: number;
            category: components["schemas"]["Category"];
            code: string;
            computed_at: string | null;
            name: components["schemas"]["Text"] | string;
            revision: number | null;
            timezone: string;
        };
        ClosedKpi: {
            attainment: number | null;
            denominator: number | null;
            /** @enum {string} */
            freshness: "fresh" | "stale" | "missing" | "not_applicable" | "unbound";
            max_points: number;
            name: string;
            newest: string | null;
            numerator: number | null;
            period: components["schemas"]["Period"];
            period_revision: number | null;
            points: number;
            section: components["schemas"]["SectionCode"];
            unit: string;
            value: number | {
                [key: string]: number;
            } | null;
            weight: number;
            window: components["schemas"]["Window"];
            window_coverage: number | null;
        };
        ClosedPeriod: {
            /** Format: date-time */
            begin: string;
            /** Format: date-time */
            end: string;
            name: string;
            revisions: components["schemas"]["Revision"][];
            sdu: components["schemas"]["SduAnswer"] | null;
        };
        ClosedPeriods: {
            code: string;
            period: components["schemas"]["Period"];
            periods: components["schemas"]["ClosedPeriod"][];
            unit: string;
        };
        ClosedSnapshot: {
            additional: number;
            /**
             * @default closed
             * @constant
             */
            basis: "closed";
            catalogue: components["schemas"]["CatalogueRef"];
            category: components["schemas"]["Category"];
            city: string;
            /** Format: date-time */
            computed_at: string;
            coverage: number;
            index: number | null;
            kpis: {
                [key: string]: components["schemas"]["ClosedKpi"];
            };
            /**
             * @default operational_estimate
             * @constant
             */
            label: "operational_estimate";
            lower: number;
            rating: ("excellent" | "good" | "average" | "below_average" | "low") | null;
            revision: number;
            sections: {
                [key: string]: components["schemas"]["SectionState"];
            };
            total: number | null;
            upper: number;
        };
        Credentials: {
            name: string;
            password: string;
        };
        Decrease: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "decrease";
            /** @default [] */
            stated: number[];
            value: number;
        };
        Deliveries: {
            deliveries: components["schemas"]["Delivery"][];
            next: string | null;
        };
        Delivery: {
            city: string;
            confirmed: number;
            corrected: number;
            /** Format: date-time */
            end: string;
            files: string[];
            folder: string;
            /** Format: date-time */
            generated_at: string;
            manifest_sha256: string;
            name: string;
            period: components["schemas"]["Period"];
            receipt: string | null;
            received_at: string | null;
            revision: number;
            rows: number;
            /** Format: date-time */
            stored_at: string;
        };
        DeviceChannel: {
            channel: string;
            quantity: string;
            quantity_name: components["schemas"]["Text"] | string;
            unit: string | null;
        };
        Devices: {
            devices: components["schemas"]["RegisteredDevice"][];
            next: string | null;
        };
        EachAtMost: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "each_at_most";
            /** @default [] */
            stated: number[];
            value: components["schemas"]["UpdateLimits"];
        };
        EndMessage: {
            /** @enum {string} */
            reason: "life" | "shutdown" | "stalled";
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "end";
        };
        Entry: {
            /** @enum {string} */
            action: "signed_in" | "sign_in_refused" | "signed_out" | "read" | "did";
            actor: string;
            address: string | null;
            /** Format: date-time */
            at: string;
            city: string | null;
            id: number;
            subject: string;
        };
        Evaluated: {
            /** Format: date-time */
            computed_at: string;
            evaluation: {
                [key: string]: unknown;
            };
            hash: string;
        };
        Explanation: {
            answers: {
                [key: string]: components["schemas"]["SduAnswer"];
            };
            /** Format: date-time */
            computed_at: string;
            index: number | null;
            kpis: components["schemas"]["KpiContribution"][];
            /** @enum {string} */
            label: "operational_estimate" | "confirmed_by_sdu" | "corrected_by_sdu";
            label_name: components["schemas"]["Text"] | string;
            next_band: components["schemas"]["NextBand"] | null;
            rating: string | null;
            revision: number;
            sections: {
                [key: string]: number;
            };
            total: number | null;
        };
        Feature: {
            geometry: {
                [key: string]: unknown;
            };
            id: string;
            properties: components["schemas"]["Properties"];
            /** @constant */
            type: "Feature";
        };
        FeatureCollection: {
            /** Format: date-time */
            at: string;
            city: string;
            features: components["schemas"]["Feature"][];
            kpi?: string | null;
            /** @constant */
            label: "operational_estimate";
            layer: string;
            /** @constant */
            type: "FeatureCollection";
            updated: string | null;
        };
        Health: {
            checks: {
                [key: string]: "ok" | "failed";
            };
            /** @enum {string} */
            status: "ok" | "failed";
        };
        HeartbeatMessage: {
            confirmed_at: string | null;
            revision: number | null;
            /** Format: date-time */
            server_time: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "heartbeat";
        };
        Increase: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "increase";
            /** @default [] */
            stated: number[];
            value: number;
        };
        KpiContribution: {
            code: string;
            gain: number;
            points: number;
            section: components["schemas"]["SectionCode"];
        };
        KpiRow: {
            citation: components["schemas"]["Citation"] | null;
            code: string;
            formula: components["schemas"]["Text"] | string;
            initiative: number;
            initiative_name: components["schemas"]["Text"] | string;
            interpretation: components["schemas"]["Text"] | string | null;
            /** @enum {string} */
            label: "operational_estimate" | "confirmed_by_sdu" | "corrected_by_sdu";
            label_name: components["schemas"]["Text"] | string;
            measure: string;
            name: components["schemas"]["Text"] | string;
            not_scored: components["schemas"]["Text"] | string | null;
            note: components["schemas"]["Text"] | string;
            period: components["schemas"]["Period"];
            scale: number;
            sdu: components["schemas"]["SduAnswer"] | null;
            section: components["schemas"]["SectionCode"];
            section_name: components["schemas"]["Text"] | string;
            series: boolean;
            source: components["schemas"]["Text"] | string;
            state: components["schemas"]["KpiState"] | null;
            system: components["schemas"]["Text"] | string;
            systems: string[];
            target: (components["schemas"]["AtLeast"] | components["schemas"]["AtMost"] | components["schemas"]["Between"] | components["schemas"]["Decrease"] | components["schemas"]["Increase"] | components["schemas"]["NoWorse"] | components["schemas"]["EachAtMost"]) | null;
            unit: string;
            unit_name: components["schemas"]["Text"] | string;
            value_points: number;
        };
        KpiState: {
            attainment: number | null;
            denominator: number | null;
            /** @enum {string} */
            freshness: "fresh" | "stale" | "missing" | "not_applicable" | "unbound";
            max_points: number;
            newest: string | null;
            numerator: number | null;
            period: components["schemas"]["Period"];
            points: number;
            section: components["schemas"]["SectionCode"];
            unit: string;
            value: number | {
                [key: string]: number;
            } | null;
            weight: number;
            window: components["schemas"]["Window"];
        };
        KpiWindow: {
            /** Format: date-time */
            begin: string;
            coverage: number | null;
            denominator: number | null;
            /** Format: date-time */
            end: string;
            enters: ("live" | "closed") | null;
            /** @enum {string} */
            freshness: "fresh" | "stale" | "missing" | "not_applicable" | "unbound";
            /** @enum {string} */
            kind: "trailing" | "running" | "closed";
            name: string;
            numerator: number | null;
            percentiles: components["schemas"]["Percentiles"] | null;
            value: number | {
                [key: string]: number;
            } | null;
        };
        KpiWindows: {
            code: string;
            /** Format: date-time */
            computed_at: string;
            period: components["schemas"]["Period"];
            unit: string;
            windows: components["schemas"]["KpiWindow"][];
        };
        Layer: {
            code: string;
            count?: number | null;
            geometry?: ("point" | "line" | "polygon") | null;
            name: components["schemas"]["Text"] | string;
            shown?: components["schemas"]["Text"] | string | null;
            /** @default [] */
            steps: components["schemas"]["LayerStep"][];
            unit?: string | null;
            unit_name?: components["schemas"]["Text"] | string | null;
            updated?: string | null;
            url: string;
            value_of?: ("newest" | "count" | "age" | "kpi" | "stated") | null;
            within_h?: number | null;
        };
        LayerStep: {
            below: number | null;
            colour: string;
            name: components["schemas"]["Text"] | string;
        };
        Measured: {
            least: number | null;
            most: number | null;
            quantity: string;
            quantity_name: components["schemas"]["Text"] | string;
            time: string | null;
            unit: string | null;
            value: number | null;
        };
        Methodology: {
            abbreviations: {
                [key: string]: components["schemas"]["Text"];
            };
            additional_initiative_criteria: components["schemas"]["Text"][];
            additional_initiative_interpretation: components["schemas"]["Text"];
            additional_initiative_points: number;
            bands: {
                [key: string]: components["schemas"]["Band"];
            };
            categories: {
                [key: string]: components["schemas"]["Text"];
            };
            sections: {
                [key: string]: components["schemas"]["Section"];
            };
            version: string;
        };
        NextBand: {
            floor: number;
            gap: number;
            kpis: components["schemas"]["KpiContribution"][];
            rating: string;
        };
        Notice: {
            /** Format: date-time */
            at: string;
            attempts: number;
            dropped_at: string | null;
            /** Format: date-time */
            due_at: string;
            failure: string | null;
            id: number;
            kind: string;
            rule: string;
            sent_at: string | null;
            stands: boolean;
            subject: string;
            text: components["schemas"]["Text"] | string;
            way: string;
            what: string;
        };
        NoWorse: {
            /** @enum {string} */
            direction: "decrease" | "increase";
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            op: "no_worse";
            /** @default [] */
            stated: number[];
        };
        ObjectTelemetry: {
            /** Format: date-time */
            begin: string;
            channels: components["schemas"]["Points"][];
            critical: boolean;
            district: string | null;
            /** Format: date-time */
            end: string;
            geometry: {
                [key: string]: unknown;
            };
            id: string;
            name: components["schemas"]["Text"] | string;
            properties: {
                [key: string]: unknown;
            };
        };
        Partition: {
            cluster: string;
            difference: number;
            duplicate: number;
            first_offset: number;
            next_offset: number;
            partition: number;
            passed: number;
            rejected: number;
            skipped: number;
            stored: number;
            topic: string;
            topic_id: string;
            /** Format: date-time */
            updated_at: string;
        };
        PastClosedSnapshot: {
            additional: number;
            /** Format: date-time */
            as_of: string;
            /**
             * @default closed
             * @constant
             */
            basis: "closed";
            catalogue: components["schemas"]["CatalogueRef"];
            category: components["schemas"]["Category"];
            city: string;
            /** Format: date-time */
            computed_at: string;
            coverage: number;
            index: number | null;
            /** @enum {string} */
            known: "then" | "now";
            kpis: {
                [key: string]: components["schemas"]["ClosedKpi"];
            };
            /**
             * @default operational_estimate
             * @constant
             */
            label: "operational_estimate";
            lower: number;
            rating: ("excellent" | "good" | "average" | "below_average" | "low") | null;
            revision: number;
            sections: {
                [key: string]: components["schemas"]["SectionState"];
            };
            total: number | null;
            upper: number;
        };
        PastSnapshot: {
            additional: number;
            /** Format: date-time */
            as_of: string;
            catalogue: components["schemas"]["CatalogueRef"];
            category: components["schemas"]["Category"];
            city: string;
            /** Format: date-time */
            computed_at: string;
            coverage: number;
            /** @enum {string} */
            granule: "minute" | "hour" | "day";
            index: number | null;
            /** @enum {string} */
            known: "then" | "now";
            kpis: {
                [key: string]: components["schemas"]["KpiState"];
            };
            /**
             * @default operational_estimate
             * @constant
             */
            label: "operational_estimate";
            lower: number;
            rating: ("excellent" | "good" | "average" | "below_average" | "low") | null;
            revision: number;
            sections: {
                [key: string]: components["schemas"]["SectionState"];
            };
            total: number | null;
            upper: number;
        };
        Percentiles: {
            p50: number;
            p95: number;
            p99: number;
        };
        /** @enum {string} */
        Period: "day" | "week" | "month" | "quarter" | "year";
        Point: {
            /** Format: date-time */
            bucket: string;
            count: number;
            denominator: number;
            numerator: number;
            value: number | null;
        };
        Points: {
            channel: string;
            device: string | null;
            points: [
                string,
                number
            ][];
            quantity: string | null;
            quantity_name: components["schemas"]["Text"] | string | null;
            unit: string | null;
        };
        Problem: {
            detail: string;
            errors?: {
                [key: string]: string;
            }[] | null;
            instance: string;
            status: number;
            title: string;
            type: string;
        };
        Properties: {
            critical: boolean;
            district: string | null;
            name: components["schemas"]["Text"] | string;
            step: number | null;
            time: string | null;
            value: number | null;
        } & {
            [key: string]: unknown;
        };
        PublicBand: {
            code: string;
            floor: number;
            name: components["schemas"]["Text"];
        };
        PublicKpi: {
            attainment: number | null;
            code: string;
            freshness: ("fresh" | "stale" | "missing" | "not_applicable" | "unbound") | null;
            name: components["schemas"]["Text"];
            section: components["schemas"]["SectionCode"];
            target: (components["schemas"]["AtLeast"] | components["schemas"]["AtMost"] | components["schemas"]["Between"] | components["schemas"]["Decrease"] | components["schemas"]["Increase"] | components["schemas"]["NoWorse"] | components["schemas"]["EachAtMost"]) | null;
            unit: string;
            unit_name: components["schemas"]["Text"];
            value: number | {
                [key: string]: number;
            } | null;
        };
        PublicScore: {
            bands: components["schemas"]["PublicBand"][];
            category: components["schemas"]["Category"];
            city: string;
            computed_at: string | null;
            coverage: number | null;
            index: number | null;
            kpis: components["schemas"]["PublicKpi"][];
            /** @enum {string} */
            label: "operational_estimate" | "confirmed_by_sdu" | "corrected_by_sdu";
            label_name: components["schemas"]["Text"] | string;
            lower: number | null;
            methodology: string;
            rating: string | null;
            revision: number | null;
            sections: components["schemas"]["PublicSection"][];
            upper: number | null;
        };
        PublicSection: {
            code: components["schemas"]["SectionCode"];
            name: components["schemas"]["Text"];
            score: number | null;
            weight: number;
        };
        Reconciliation: {
            exact: boolean;
            partitions: components["schemas"]["Partition"][];
            suspected_loss: number;
            totals: components["schemas"]["Totals"];
        };
        RegisteredDevice: {
            attached_kind: string | null;
            attached_to: string | null;
            channels: components["schemas"]["DeviceChannel"][];
            device: string;
            district: string | null;
            gateway: string | null;
            installed_on: string | null;
            interval_s: number | null;
            label: string;
            latitude: number | null;
            longitude: number | null;
            removed_on: string | null;
            system: string;
        };
        Rejected: {
            detail: string;
            device: string;
            field: string | null;
            id: number;
            reason: string;
            /** Format: date-time */
            rejected_at: string;
            replayed_at: string | null;
            sha256: string;
            size: number;
            system: string;
            topic: string;
            truncated: boolean;
        };
        RejectedBy: {
            count: number;
            device: string;
            /** Format: date-time */
            newest_at: string;
            reason: string;
            system: string;
        };
        Revision: {
            attainment: number | null;
            catalogue_hash: string;
            /** Format: date-time */
            computed_at: string;
            coverage: number | null;
            denominator: number | null;
            difference: number | null;
            /** @enum {string} */
            freshness: "fresh" | "stale" | "missing" | "not_applicable" | "unbound";
            newest: string | null;
            numerator: number | null;
            revision: number;
            target: {
                [key: string]: unknown;
            } | null;
            value: number | {
                [key: string]: number;
            } | null;
            weight: number;
        };
        RoleIn: {
            city: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "administrator" | "exporter" | "evaluator";
        };
        Scheme: {
            alarms: components["schemas"]["Alarm"][];
            /** Format: date-time */
            at: string;
            city: string;
            edges: components["schemas"]["SchemeEdge"][];
            /**
             * @default operational_estimate
             * @constant
             */
            label: "operational_estimate";
            /** @enum {string} */
            network: "water" | "heat";
            nodes: components["schemas"]["SchemeNode"][];
            updated: string | null;
        };
        SchemeEdge: {
            diameter_mm: number | null;
            district: string | null;
            from_node: string;
            id: string;
            name: components["schemas"]["Text"] | string;
            to_node: string;
            values: components["schemas"]["Measured"][];
        };
        SchemeNode: {
            critical: boolean;
            district: string | null;
            id: string;
            latitude: number;
            longitude: number;
            name: components["schemas"]["Text"] | string;
            role: string | null;
            values: components["schemas"]["Measured"][];
        };
        SduAnswer: {
            /** Format: date-time */
            answered_at: string;
            difference: number | null;
            /** @enum {string} */
            label: "operational_estimate" | "confirmed_by_sdu" | "corrected_by_sdu";
            label_name: components["schemas"]["Text"] | string;
            name: string;
            ours: number | {
                [key: string]: number;
            } | null;
            reference: string;
            revision: number | null;
            /** @enum {string} */
            status: "confirmed" | "corrected";
            value: number;
        };
        Section: {
            name: components["schemas"]["Text"];
            note: components["schemas"]["Text"];
            weight: number;
        };
        /** @enum {string} */
        SectionCode: "city_management" | "safety" | "transport" | "ecology" | "housing";
        SectionState: {
            points: number;
            score: number | null;
            weight: number;
        };
        Series: {
            /** Format: date-time */
            begin: string;
            code: string;
            /** Format: date-time */
            end: string;
            points: components["schemas"]["Point"][];
            /** @enum {string} */
            resolution: "minute" | "hour" | "day";
            unit: string;
        };
        Session: {
            csrf: string | null;
            expires_at: string | null;
            open_reads: boolean;
            password: boolean;
            provider: string | null;
            roles: components["schemas"]["RoleIn"][];
            user: string | null;
        };
        Snapshot: {
            additional: number;
            catalogue: components["schemas"]["CatalogueRef"];
            category: components["schemas"]["Category"];
            city: string;
            /** Format: date-time */
            computed_at: string;
            coverage: number;
            index: number | null;
            kpis: {
                [key: string]: components["schemas"]["KpiState"];
            };
            /**
             * @default operational_estimate
             * @constant
             */
            label: "operational_estimate";
            lower: number;
            rating: ("excellent" | "good" | "average" | "below_average" | "low") | null;
            revision: number;
            sections: {
                [key: string]: components["schemas"]["SectionState"];
            };
            total: number | null;
            upper: number;
        };
        SnapshotMessage: {
            revision: number;
            /** Format: date-time */
            server_time: string;
            snapshot: components["schemas"]["Snapshot"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "snapshot";
        };
        Source: {
            arrived_at: string | null;
            channel: string | null;
            clockless: boolean;
            device: string;
            drift_s: number | null;
            events: number;
            first_seen: string | null;
            /** @enum {string} */
            interval_from: "declared" | "learned" | "assumed";
            interval_s: number;
            missing: number;
            newest_time: string | null;
            restarts: number;
            same_count: number | null;
            same_since: string | null;
            silent_from: string | null;
            /** @enum {string} */
            state: "live" | "silent" | "frozen" | "drifting";
            state_name: components["schemas"]["Text"] | string;
            stored_at: string | null;
            system: string;
        };
        Sources: {
            next: string | null;
            sources: components["schemas"]["Source"][];
        };
        Step: {
            /** @enum {string} */
            cause: "attainment" | "weight" | "appeared" | "disappeared" | "additional";
            code: string | null;
            end: number;
            section: components["schemas"]["SectionCode"] | null;
            start: number;
        };
        Summary: {
            missing: number;
            state_names: {
                [key: string]: components["schemas"]["Text"] | string;
            };
            states: {
                [key: string]: number;
            };
            systems: components["schemas"]["SystemSources"][];
        };
        SystemSources: {
            missing: number;
            name: components["schemas"]["Text"] | string;
            states: {
                [key: string]: number;
            };
            system: string;
        };
        Text: {
            en: string;
            kk: string;
            ru: string;
        };
        Totals: {
            difference: number;
            duplicate: number;
            passed: number;
            rejected: number;
            skipped: number;
            stored: number;
        };
        Trail: {
            entries: components["schemas"]["Entry"][];
            next: number | null;
        };
        Trend: {
            index: (number | null)[];
            known: ("then" | "now")[];
            kpis: {
                [key: string]: (number | null)[];
            };
            moments: string[];
            /** @enum {string} */
            resolution: "minute" | "hour" | "day";
            sections: {
                [key: string]: (number | null)[];
            };
        };
        UpdateLimits: {
            ecology: number;
            education: number;
            housing: number;
            safety: number;
        };
        Visualisation: {
            code: string;
            name: components["schemas"]["Text"];
            page: string;
        };
        Waterfall: {
            /** Format: date-time */
            begin: string;
            /** Format: date-time */
            end: string;
            end_total: number;
            revision: number;
            sections: {
                [key: string]: number;
            };
            start_total: number;
            steps: components["schemas"]["Step"][];
        };
        Window: {
            /** Format: date-time */
            begin: string;
            /** Format: date-time */
            end: string;
        };
        Yearly: {
            city: string;
            /** Format: date */
            freezes_on: string;
            /**
             * @default operational_estimate
             * @constant
             */
            label: "operational_estimate";
            official: components["schemas"]["Evaluated"] | null;
            revisions: components["schemas"]["Evaluated"][];
            /** @enum {string} */
            status: "frozen" | "provisional";
            year: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    asyncapi_api_v1_asyncapi_json_get: {
        parameters: {
            query?: never;
            header?: {
                "if-none-match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.aai.asyncapi+json;version=3.0.0": unknown;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    trail_api_v1_audit_get: {
        parameters: {
            query?: {
                actor?: string | null;
                before?: number | null;
                city?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trail"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    base_map_api_v1_base_map_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BaseMap"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalogue_api_v1_catalogue_get: {
        parameters: {
            query?: {
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: {
                "if-none-match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cities_api_v1_cities_get: {
        parameters: {
            query?: {
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["City"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cityscore_api_v1_cities__city__cityscore_get: {
        parameters: {
            query?: {
                as_of?: string | null;
                known?: ("then" | "now") | null;
                window?: "live" | "closed";
            };
            header?: {
                "if-none-match"?: string | null;
            };
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"] | components["schemas"]["ClosedSnapshot"] | components["schemas"]["AnsweredSnapshot"] | components["schemas"]["PastSnapshot"] | components["schemas"]["PastClosedSnapshot"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    yearly_api_v1_cities__city__cityscore_yearly_get: {
        parameters: {
            query: {
                year: number;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Yearly"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_api_v1_cities__city__dead_letters_get: {
        parameters: {
            query?: {
                before?: number | null;
                limit?: number;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rejected"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_by_source_api_v1_cities__city__dead_letters_summary_get: {
        parameters: {
            query?: {
                hours?: number;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RejectedBy"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    devices_api_v1_cities__city__devices_get: {
        parameters: {
            query?: {
                after?: string | null;
                lang?: ("kk" | "ru" | "en") | null;
                limit?: number;
                system?: string | null;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Devices"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events_api_v1_cities__city__events_get: {
        parameters: {
            query?: {
                after?: number | null;
            };
            header?: {
                "last-event-id"?: string | null;
            };
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string & (components["schemas"]["SnapshotMessage"] | components["schemas"]["ChangeMessage"] | components["schemas"]["HeartbeatMessage"] | components["schemas"]["EndMessage"]);
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_api_v1_cities__city__explain_get: {
        parameters: {
            query?: {
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kpis_api_v1_cities__city__kpis_get: {
        parameters: {
            query?: {
                as_of?: string | null;
                known?: ("then" | "now") | null;
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KpiRow"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kpi_api_v1_cities__city__kpis__code__get: {
        parameters: {
            query?: {
                as_of?: string | null;
                known?: ("then" | "now") | null;
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path: {
                city: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KpiRow"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    periods_api_v1_cities__city__kpis__code__periods_get: {
        parameters: {
            query?: {
                as_of?: string | null;
                from?: string | null;
                limit?: number;
                to?: string | null;
            };
            header?: never;
            path: {
                city: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClosedPeriods"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    series_api_v1_cities__city__kpis__code__series_get: {
        parameters: {
            query?: {
                from?: string | null;
                resolution?: "minute" | "hour" | "day";
                to?: string | null;
            };
            header?: never;
            path: {
                city: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Series"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    windows_api_v1_cities__city__kpis__code__windows_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                city: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KpiWindows"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    notices_api_v1_cities__city__notices_get: {
        parameters: {
            query?: {
                before?: number | null;
                lang?: ("kk" | "ru" | "en") | null;
                limit?: number;
                standing?: boolean;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notice"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    public_api_v1_cities__city__public_get: {
        parameters: {
            query?: never;
            header?: {
                "if-none-match"?: string | null;
            };
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicScore"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sources_api_v1_cities__city__sources_get: {
        parameters: {
            query?: {
                after?: string | null;
                lang?: ("kk" | "ru" | "en") | null;
                limit?: number;
                state?: ("live" | "silent" | "frozen" | "drifting")[] | null;
                system?: string | null;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sources"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    summary_api_v1_cities__city__sources_summary_get: {
        parameters: {
            query?: {
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    trend_api_v1_cities__city__trend_get: {
        parameters: {
            query?: {
                points?: number;
                resolution?: "minute" | "hour" | "day";
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trend"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    waterfall_api_v1_cities__city__waterfall_get: {
        parameters: {
            query?: {
                from?: string | null;
            };
            header?: never;
            path: {
                city: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Waterfall"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exports_api_v1_exports_get: {
        parameters: {
            query?: {
                after?: string | null;
                city?: string | null;
                limit?: number;
                period?: components["schemas"]["Period"] | null;
                without_receipt?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_file_api_v1_exports__city___period___name___revision___file__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                city: string;
                file: string;
                name: string;
                period: components["schemas"]["Period"];
                revision: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    facts_api_v1_facts_get: {
        parameters: {
            query?: {
                after?: string | null;
                city?: string | null;
                limit?: number;
                period?: components["schemas"]["Period"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    facts_file_api_v1_facts__city___period___name___revision___file__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                city: string;
                file: string;
                name: string;
                period: components["schemas"]["Period"];
                revision: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    layers_api_v1_layers_get: {
        parameters: {
            query?: {
                city?: string | null;
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Layer"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    layer_api_v1_layers__layer__get: {
        parameters: {
            query: {
                at?: string | null;
                bbox?: string | null;
                city: string;
                kpi?: string | null;
            };
            header?: never;
            path: {
                layer: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": unknown;
                    "application/json": components["schemas"]["FeatureCollection"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    telemetry_api_v1_layers__layer__objects__object__get: {
        parameters: {
            query: {
                city: string;
                from?: string | null;
                lang?: ("kk" | "ru" | "en") | null;
                to?: string | null;
            };
            header?: never;
            path: {
                layer: string;
                object: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ObjectTelemetry"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    kpis_api_v1_layers_districts_kpis_get: {
        parameters: {
            query: {
                city: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string[];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    methodology_api_v1_methodology_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Methodology"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reconciliation_api_v1_reconciliation_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconciliation"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    scheme_api_v1_schemes__network__get: {
        parameters: {
            query: {
                at?: string | null;
                city: string;
                lang?: ("kk" | "ru" | "en") | null;
            };
            header?: never;
            path: {
                network: "water" | "heat";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scheme"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_api_v1_session_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in_api_v1_session_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out_api_v1_session_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    to_provider_api_v1_session_oidc_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    from_provider_api_v1_session_oidc_callback_get: {
        parameters: {
            query?: {
                code?: string;
                error?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    texts_api_v1_texts_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    visualisations_api_v1_visualisations_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Visualisation"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healthz_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics_metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
